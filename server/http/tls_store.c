/* Bundles of CA certificates (PEM, RFC 7468) and Java's form of a trust store (PKCS#12, RFC
 * 7292). A program that is pointed at a bundle trusts nothing else, so the bundle has the
 * system's roots besides ours: other hosts must still verify. */
#include "http/tls_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "http/tls_cert.h"

enum { BUNDLE_MAX = 16 * 1024 * 1024 };

/* ---- a bundle ---- */

const char *im_tls_roots_file(const char *preferred)
{
    /* Debian and Alpine, Fedora, openSUSE, RHEL, macOS and the BSDs */
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
        NULL};

    if (preferred && *preferred && access(preferred, R_OK) == 0)
        return preferred;
    for (const char *const *place = places; *place; place++)
        if (access(*place, R_OK) == 0)
            return *place;
    return NULL;
}

static bool bundle_add_file(struct im_buf *bundle, const char *path, struct im_error *err)
{
    struct im_error why = {.text = ""};
    char piece[16 * 1024];
    size_t n;
    FILE *file = im_file_open(path, &why);

    if (!file)
        return im_error_set(err, "reading the CA certificates %s: %s", path, why.text);
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0 && !bundle->failed)
        im_buf_add(bundle, (struct im_str){piece, n});
    fclose(file);
    /* a file without a last newline must not spoil the first line behind it */
    im_buf_addc(bundle, '\n');
    return !bundle->failed ||
           im_error_set(err, "reading the CA certificates %s: larger than %d MiB", path,
                        BUNDLE_MAX >> 20);
}

struct im_str im_tls_bundle(const char *roots_file, struct im_str ca_pem,
                            struct im_arena *arena, struct im_error *err)
{
    struct im_buf bundle;

    im_buf_init(&bundle, arena, BUNDLE_MAX);
    if (roots_file && !bundle_add_file(&bundle, roots_file, err))
        return IM_STR("");
    im_buf_add(&bundle, ca_pem);
    if (!bundle.failed)
        return im_buf_str(&bundle);
    im_error_set(err, "making a bundle of CA certificates: out of memory");
    return IM_STR("");
}

/* ---- a trust store ---- */

/* Java takes a certificate in a PKCS#12 store for a trusted one only if its bag has this
 * attribute, with anyExtendedKeyUsage as its value; keytool writes the same. */
#define TRUSTED_KEY_USAGE "2.16.840.1.113894.746875.1.1"

static bool bag_trust(PKCS12_SAFEBAG *bag)
{
    const ASN1_OBJECT *any = OBJ_nid2obj(NID_anyExtendedKeyUsage);

    /* a length of -1 says that the value is an object and not its bytes */
    return PKCS12_add1_attr_by_txt(bag, TRUSTED_KEY_USAGE, V_ASN1_OBJECT,
                                   (const unsigned char *)any, -1) == 1;
}

/* Each under an alias of its own: of two with the same one, Java keeps the last. */
static bool bags_add(STACK_OF(PKCS12_SAFEBAG) * *bags, X509 *cert, int number)
{
    char alias[32];

    snprintf(alias, sizeof(alias), "ca-%d", number);
    PKCS12_SAFEBAG *bag = PKCS12_add_cert(bags, cert);
    return bag && PKCS12_add_friendlyname_utf8(bag, alias, -1) == 1 && bag_trust(bag);
}

static bool bags_of_bundle(STACK_OF(PKCS12_SAFEBAG) * *bags, struct im_str bundle)
{
    BIO *bio = BIO_new_mem_buf(bundle.at, (int)bundle.len);
    bool fine = bio != NULL;
    X509 *cert;

    for (int n = 1; fine && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)); n++) {
        fine = bags_add(bags, cert, n);
        X509_free(cert);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of a PEM file is an error to OpenSSL */
    return fine && *bags;
}

/* Certificates are no secret, so they are not encrypted: it would cost each start of a
 * client time and need ciphers that not every Java has. The MAC is what a password is
 * checked against. */
static PKCS12 *store_of(STACK_OF(PKCS12_SAFEBAG) * bags, const char *password)
{
    STACK_OF(PKCS7) *safes = NULL;
    PKCS12 *store = NULL;

    if (PKCS12_add_safe(&safes, bags, -1, 0, NULL) == 1)
        store = PKCS12_add_safes(safes, 0);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    if (store && PKCS12_set_mac(store, password, -1, NULL, 0, 0, EVP_sha256()) == 1)
        return store;
    PKCS12_free(store);
    return NULL;
}

struct im_str im_tls_trust_store(struct im_str bundle, const char *password,
                                 struct im_arena *arena, struct im_error *err)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    unsigned char *der = NULL;
    struct im_str bytes = IM_STR("");

    PKCS12 *store = bags_of_bundle(&bags, bundle) ? store_of(bags, password) : NULL;
    int len = store ? i2d_PKCS12(store, &der) : -1;
    if (len > 0)
        bytes = im_arena_copy(arena, (struct im_str){(const char *)der, (size_t)len});
    if (!bytes.len)
        im_error_set(err, "making a trust store: %s", im_tls_reason());
    OPENSSL_free(der);
    PKCS12_free(store);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return bytes;
}
