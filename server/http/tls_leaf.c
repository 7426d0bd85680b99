/* Certificates on demand. A client decides by what it connects to which are made, so they
 * are bounded, and one is made while no lock is held: two handshakes that ask for the same
 * host at once make two, of which one is kept. */
#include "http/tls_leaf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/proxy.h"

enum { LEAF_DAYS = 397 /* what browsers accept at most */ };

struct tls_leaf {
    char host[IM_HOST_MAX + 1]; /* in lower case */
    X509 *cert;
    uint64_t used; /* by im_tls_leaves.clock */
};

struct im_tls_leaves {
    struct im_tls_pair ca;
    EVP_PKEY *key;
    EVP_PKEY *rsa; /* NULL until it is asked for; under the lock */
    pthread_mutex_t lock;
    uint64_t clock;
    size_t count;
    struct tls_leaf items[IM_TLS_LEAVES_MAX];
};

struct im_tls_leaves *im_tls_leaves_new(const struct im_tls_pair *ca, EVP_PKEY *key)
{
    struct im_tls_leaves *leaves = calloc(1, sizeof(*leaves));

    if (!leaves)
        return NULL;
    pthread_mutex_init(&leaves->lock, NULL);
    X509_up_ref(ca->cert);
    EVP_PKEY_up_ref(ca->key);
    EVP_PKEY_up_ref(key);
    leaves->ca = *ca;
    leaves->key = key;
    return leaves;
}

void im_tls_leaves_free(struct im_tls_leaves *leaves)
{
    if (!leaves)
        return;
    for (size_t i = 0; i < leaves->count; i++)
        X509_free(leaves->items[i].cert);
    im_tls_pair_free(&leaves->ca);
    EVP_PKEY_free(leaves->key);
    EVP_PKEY_free(leaves->rsa);
    pthread_mutex_destroy(&leaves->lock);
    free(leaves);
}

X509 *im_tls_leaf_once(const struct im_tls_leaves *leaves,
                       const struct im_tls_params *params)
{
    struct im_tls_pair pair = {NULL, leaves->key};

    if (im_tls_make_server(&pair, &leaves->ca, params))
        return pair.cert;
    X509_free(pair.cert);
    return NULL;
}

/* Made while no lock is held, since it takes long: of two that are made at once one is kept. */
static EVP_PKEY *leaves_rsa(struct im_tls_leaves *leaves)
{
    pthread_mutex_lock(&leaves->lock);
    EVP_PKEY *key = leaves->rsa;
    pthread_mutex_unlock(&leaves->lock);
    if (key)
        return key;
    EVP_PKEY *made = EVP_RSA_gen(2048);
    pthread_mutex_lock(&leaves->lock);
    if (!leaves->rsa) {
        leaves->rsa = made;
        made = NULL;
    }
    key = leaves->rsa;
    pthread_mutex_unlock(&leaves->lock);
    EVP_PKEY_free(made);
    return key;
}

bool im_tls_leaf_rsa(struct im_tls_leaves *leaves, const struct im_tls_params *params,
                     struct im_tls_pair *pair)
{
    *pair = (struct im_tls_pair){NULL, leaves_rsa(leaves)};
    if (pair->key && im_tls_make_server(pair, &leaves->ca, params))
        return true;
    X509_free(pair->cert);
    pair->cert = NULL;
    return false;
}

/* With a reference for the caller. */
static X509 *leaf_find_locked(struct im_tls_leaves *leaves, const char *host)
{
    for (size_t i = 0; i < leaves->count; i++) {
        struct tls_leaf *leaf = &leaves->items[i];
        if (strcmp(leaf->host, host) != 0)
            continue;
        leaf->used = ++leaves->clock;
        X509_up_ref(leaf->cert);
        return leaf->cert;
    }
    return NULL;
}

/* Where there is no room, in the place of the one that was used longest ago. */
static void leaf_keep_locked(struct im_tls_leaves *leaves, const char *host, X509 *cert)
{
    struct tls_leaf *place = &leaves->items[0];

    if (leaves->count < IM_TLS_LEAVES_MAX)
        place = &leaves->items[leaves->count++];
    for (size_t i = 0; i < leaves->count && place->cert; i++)
        if (leaves->items[i].used < place->used)
            place = &leaves->items[i];
    X509_free(place->cert);
    snprintf(place->host, sizeof(place->host), "%s", host);
    X509_up_ref(cert);
    place->cert = cert;
    place->used = ++leaves->clock;
}

X509 *im_tls_leaf(struct im_tls_leaves *leaves, const char *host)
{
    const struct im_tls_params params = {.only = host, .to_days = LEAF_DAYS};

    if (strlen(host) > IM_HOST_MAX)
        return NULL;
    pthread_mutex_lock(&leaves->lock);
    X509 *cert = leaf_find_locked(leaves, host);
    pthread_mutex_unlock(&leaves->lock);
    if (cert)
        return cert;
    X509 *made = im_tls_leaf_once(leaves, &params);
    if (!made)
        return NULL;
    pthread_mutex_lock(&leaves->lock);
    cert = leaf_find_locked(leaves, host); /* somebody else was faster */
    if (!cert)
        leaf_keep_locked(leaves, host, made);
    pthread_mutex_unlock(&leaves->lock);
    if (!cert)
        return made;
    X509_free(made);
    return cert;
}
