/*
 * HMAC-SHA256 by OpenSSL. Its version 3 has another interface than 1.1.1.
 *
 * The key is given anew for every digest, which costs a quarter of a
 * microsecond: taking a context up again with the key that it has gives wrong
 * digests, without an error, in OpenSSL 3.0.0 to 3.0.2 (openssl issue 17811).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#include <openssl/core_names.h>
#include <openssl/params.h>
#else
#include <limits.h>
#include <openssl/hmac.h>
#endif

#include "signature_hmac.h"
#include "mem.h"

#include "banned.h"

#if OPENSSL_VERSION_NUMBER >= 0x30000000L

struct signature_hmac {
	EVP_MAC_CTX *ctx;
	bool failed;
};

static bool
library_open(struct signature_hmac *h)
{
	EVP_MAC *mac;

	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (mac == NULL)
		return false;
	h->ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	return h->ctx != NULL;
}

static void
library_close(struct signature_hmac *h)
{
	EVP_MAC_CTX_free(h->ctx);
}

static bool
library_begin(struct signature_hmac *h, const void *key, size_t len)
{
	char name[] = "SHA256";
	OSSL_PARAM params[2];

	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	return EVP_MAC_init(h->ctx, key, len, params) == 1;
}

static bool
library_add(struct signature_hmac *h, const void *p, size_t n)
{
	return EVP_MAC_update(h->ctx, p, n) == 1;
}

static bool
library_end(struct signature_hmac *h, unsigned char out[SIGNATURE_HMAC_SIZE])
{
	size_t len = 0;

	return EVP_MAC_final(h->ctx, out, &len, SIGNATURE_HMAC_SIZE) == 1 &&
	    len == SIGNATURE_HMAC_SIZE;
}

#else

struct signature_hmac {
	HMAC_CTX *ctx;
	bool failed;
};

static bool
library_open(struct signature_hmac *h)
{
	h->ctx = HMAC_CTX_new();
	return h->ctx != NULL;
}

static void
library_close(struct signature_hmac *h)
{
	HMAC_CTX_free(h->ctx);
}

static bool
library_begin(struct signature_hmac *h, const void *key, size_t len)
{
	return len <= INT_MAX &&
	    HMAC_Init_ex(h->ctx, key, (int)len, EVP_sha256(), NULL) == 1;
}

static bool
library_add(struct signature_hmac *h, const void *p, size_t n)
{
	return HMAC_Update(h->ctx, p, n) == 1;
}

static bool
library_end(struct signature_hmac *h, unsigned char out[SIGNATURE_HMAC_SIZE])
{
	unsigned int len = SIGNATURE_HMAC_SIZE;

	return HMAC_Final(h->ctx, out, &len) == 1 && len == SIGNATURE_HMAC_SIZE;
}

#endif

static enum result
library_failed(struct err *e)
{
	const char *reason;

	reason = ERR_reason_error_string(ERR_get_error());
	err_set(e, "OpenSSL cannot compute HMAC-SHA256: %s",
	    reason != NULL ? reason : "it gives no reason");
	ERR_clear_error();
	return RES_FAILED;
}

enum result
signature_hmac_open(struct signature_hmac **out, struct err *e)
{
	struct signature_hmac *h;

	*out = NULL;
	h = mem_alloc(1, sizeof(*h));
	if (!library_open(h)) {
		free(h);
		return library_failed(e);
	}
	h->failed = true; /* until a digest is begun */
	*out = h;
	return RES_OK;
}

void
signature_hmac_close(struct signature_hmac *h)
{
	if (h == NULL)
		return;
	library_close(h);
	free(h);
}

void
signature_hmac_begin(struct signature_hmac *h, const void *key, size_t len)
{
	h->failed = key == NULL || len == 0 || !library_begin(h, key, len);
}

void
signature_hmac_add(struct signature_hmac *h, const void *p, size_t n)
{
	if (n > 0 && !h->failed)
		h->failed = !library_add(h, p, n);
}

enum result
signature_hmac_end(struct signature_hmac *h,
    unsigned char out[SIGNATURE_HMAC_SIZE], struct err *e)
{
	if (h->failed || !library_end(h, out)) {
		h->failed = true;
		mem_cleanse(out, SIGNATURE_HMAC_SIZE);
		return library_failed(e);
	}
	h->failed = true; /* until the next is begun */
	return RES_OK;
}

bool
signature_hmac_same(const unsigned char a[SIGNATURE_HMAC_SIZE],
    const unsigned char b[SIGNATURE_HMAC_SIZE])
{
	return CRYPTO_memcmp(a, b, SIGNATURE_HMAC_SIZE) == 0;
}
