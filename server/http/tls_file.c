/* Certificates and keys in files: PEM (RFC 7468). Every way in which a file can be wrong
 * has a sentence that names the file and the remedy. What is written appears under its
 * name whole or not at all, because a client may wait for the file and read it the moment
 * it is there. */
#include "http/tls_file.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { PEM_MAX = 1024 * 1024, PATH_ROOM = 4096 };

/* ---- reading ---- */

static bool file_read_failed(const char *file, const char *what, const char *why,
                             struct im_error *err)
{
    return im_error_set(err, "reading the %s %s: %s; give a readable PEM file", what,
                        file, why);
}

/* The file's text in a BIO of its own; NULL with err. Read here and not by OpenSSL, whose
 * errors do not keep the system's reason. */
static BIO *file_read_pem(const char *path, const char *what, struct im_error *err)
{
    char piece[4096];
    size_t n, total = 0;
    BIO *bio = BIO_new(BIO_s_mem());
    struct im_error why = {.text = "out of memory"};
    FILE *file = bio ? im_file_open(path, &why) : NULL;

    if (!file) {
        file_read_failed(path, what, why.text, err);
    } else {
        /* bounded: the path may name a device or a pipe that never ends */
        while ((n = fread(piece, 1, sizeof(piece), file)) > 0 && total < PEM_MAX) {
            BIO_write(bio, piece, (int)n);
            total += n;
        }
        if (!ferror(file)) {
            fclose(file);
            return bio;
        }
        file_read_failed(path, what, strerror(errno), err);
    }
    if (file)
        fclose(file);
    BIO_free(bio);
    return NULL;
}

/* Instead of OpenSSL's, which would ask on the terminal. */
static int no_passphrase(char *to, int size, int writing, void *was_asked)
{
    (void)writing;
    if (size > 0)
        to[0] = '\0';
    *(bool *)was_asked = true;
    return -1;
}

EVP_PKEY *im_tls_read_key(const char *path, struct im_error *err)
{
    bool encrypted = false;
    BIO *bio = file_read_pem(path, "private key", err);

    if (!bio)
        return NULL;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &encrypted);
    BIO_free(bio);
    if (key)
        return key;
    if (encrypted)
        im_error_set(err,
                     "reading the private key %s: it is encrypted; give one without a "
                     "passphrase (openssl pkey -in %s -out plain.pem)",
                     path, path);
    else
        im_error_set(err,
                     "reading the private key %s: no private key in PEM in it; its "
                     "first line should say -----BEGIN PRIVATE KEY-----",
                     path);
    return NULL;
}

static bool read_chain(STACK_OF(X509) * *chain, BIO *bio)
{
    X509 *next;

    while ((next = PEM_read_bio_X509(bio, NULL, no_passphrase, &(bool){false}))) {
        if (!*chain)
            *chain = sk_X509_new_null();
        if (!*chain || sk_X509_push(*chain, next) <= 0) {
            X509_free(next);
            return false;
        }
    }
    return true;
}

X509 *im_tls_read_cert(const char *path, STACK_OF(X509) * *chain, struct im_error *err)
{
    BIO *bio = file_read_pem(path, "certificate", err);

    if (!bio)
        return NULL;
    /* _AUX also reads what `openssl x509 -trustout` writes */
    X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, &(bool){false});
    bool fine = cert && (!chain || read_chain(chain, bio));
    BIO_free(bio);
    if (fine)
        return cert;
    X509_free(cert);
    im_error_set(err,
                 "reading the certificate %s: no certificate in PEM in it; "
                 "its first line should say -----BEGIN CERTIFICATE-----",
                 path);
    return NULL;
}

static const char *date_text(const ASN1_TIME *when, char room[80])
{
    struct tm tm;

    if (ASN1_TIME_to_tm(when, &tm) != 1)
        return "a date that cannot be read";
    snprintf(room, 80, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return room;
}

bool im_tls_check_dates(const X509 *cert, const char *path, const char *else_do,
                        struct im_error *err)
{
    char room[80];
    time_t now = (time_t)(im_clock_real_ms() / 1000);

    if (X509_cmp_time(X509_get0_notAfter(cert), &now) < 0)
        return im_error_set(err, "the certificate %s expired at %s; renew it, or %s",
                            path, date_text(X509_get0_notAfter(cert), room), else_do);
    if (X509_cmp_time(X509_get0_notBefore(cert), &now) > 0)
        return im_error_set(
            err,
            "the certificate %s is not valid before %s; is this machine's "
            "clock right?",
            path, date_text(X509_get0_notBefore(cert), room));
    return true;
}

/* ---- writing ---- */

static bool file_write_failed(const char *option, const char *path, struct im_error *err)
{
    return im_error_set(err, "writing %s %s: %s; name a place that can be written",
                        option, path, strerror(errno));
}

/* A file beside `path`, on the same file system, so that it can be put there in one step;
 * its name goes into `half`. */
static bool file_write_half(const char *path, struct im_str bytes, char half[PATH_ROOM])
{
    if (snprintf(half, PATH_ROOM, "%s.XXXXXX", path) >= PATH_ROOM) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkstemp(half);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return false;
    bool written = fwrite(bytes.at, 1, bytes.len, file) == bytes.len;
    if (fclose(file) == 0 && written)
        return true;
    int reason = errno; /* of the write, not of unlink() */
    unlink(half);
    errno = reason;
    return false;
}

bool im_tls_write_file(const char *option, const char *path, struct im_str bytes,
                       struct im_error *err)
{
    char half[PATH_ROOM];

    if (!file_write_half(path, bytes, half))
        return file_write_failed(option, path, err);
    /* mkstemp gives 0600, but a certificate is for all to read, often as another user */
    if (chmod(half, 0644) == 0 && rename(half, path) == 0)
        return true;
    file_write_failed(option, path, err);
    unlink(half);
    return false;
}

/* ---- a CA that stays ---- */

/* Puts the text there unless another server was quicker; its file then stays, and the
 * caller reads that. link() decides, since it fails where rename() would replace. Only
 * the owner may read it (mkstemp's mode). */
static bool file_put_first(const char *path, const char *text, struct im_error *err)
{
    char half[PATH_ROOM];

    if (!text || !file_write_half(path, im_str(text), half))
        return file_write_failed("--ca-dir", path, err);
    bool fine = link(half, path) == 0 || errno == EEXIST ||
                rename(half, path) == 0; /* not every file system has links */
    if (!fine)
        file_write_failed("--ca-dir", path, err);
    unlink(half);
    return fine;
}

static bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* The key is written before the certificate, so a folder with a certificate has its key
 * too: read_ca() may call the contrary an error. */
static bool put_key(const char *path, struct im_error *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *pem = im_tls_to_pem(NULL, key);
    bool fine = file_put_first(path, pem, err);

    if (pem)
        OPENSSL_cleanse(pem, strlen(pem));
    free(pem);
    EVP_PKEY_free(key);
    return fine;
}

static bool put_cert(const char *path, EVP_PKEY *key, struct im_error *err)
{
    struct im_tls_pair ca;

    EVP_PKEY_up_ref(key);
    if (!im_tls_make_ca(&ca, key))
        return im_error_set(err, "making the CA %s: %s", path, im_tls_reason());
    char *pem = im_tls_to_pem(ca.cert, NULL);
    bool fine = file_put_first(path, pem, err);
    free(pem);
    im_tls_pair_free(&ca);
    return fine;
}

/* Checked at each start, since people copy, restore and replace these files by hand. */
static bool check_ca(const struct im_tls_pair *ca, const char *cert, const char *key,
                     struct im_error *err)
{
    if (X509_check_private_key(ca->cert, ca->key) != 1)
        return im_error_set(err,
                            "the CA's private key %s does not belong to its certificate "
                            "%s; put the pair back that was made together, or remove "
                            "both to have a CA made",
                            key, cert);
    if (X509_check_ca(ca->cert) != 1)
        return im_error_set(err,
                            "the certificate %s is not one of a CA; remove it and its "
                            "key to have a CA made",
                            cert);
    return im_tls_check_dates(
        ca->cert, cert, "remove it and its key to have a CA made, and trust that", err);
}

/* What is missing is made and written first, then read like the rest: so this server uses
 * the same files as one that started at the same time and was quicker. */
static bool read_ca(const char *cert, const char *key, struct im_tls_pair *ca,
                    struct im_error *err)
{
    if (file_exists(cert) && !file_exists(key))
        return im_error_set(
            err,
            "the CA's certificate %s has no private key %s beside it; put "
            "it back, or remove the certificate to have a CA made",
            cert, key);
    if (!file_exists(key) && !put_key(key, err))
        return false;
    ca->key = im_tls_read_key(key, err);
    if (!ca->key || (!file_exists(cert) && !put_cert(cert, ca->key, err)))
        return false;
    ca->cert = im_tls_read_cert(cert, NULL, err);
    return ca->cert && check_ca(ca, cert, key, err);
}

bool im_tls_keep_ca(const char *folder, struct im_tls_pair *ca, struct im_error *err)
{
    char cert[PATH_ROOM], key[PATH_ROOM];

    *ca = (struct im_tls_pair){NULL, NULL};
    if (snprintf(cert, sizeof(cert), "%s/ca.pem", folder) >= PATH_ROOM ||
        snprintf(key, sizeof(key), "%s/ca-key.pem", folder) >= PATH_ROOM)
        return im_error_set(err, "keeping a CA in --ca-dir: its name is too long");
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return im_error_set(err,
                            "making --ca-dir %s: %s; name a folder that can be written",
                            folder, strerror(errno));
    if (read_ca(cert, key, ca, err))
        return true;
    im_tls_pair_free(ca);
    return false;
}
