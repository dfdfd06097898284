/*
 * HMAC-SHA256 by OpenSSL. Its version 3 has another interface than 1.1.1.
 * The portable build takes the bare SHA-256 of either: what version 3 does
 * before its first digest, loading providers and its configuration, costs as
 * much as all else that a plain CGI process does, and a static program has no
 * provider to load.
 *
 * The key is given anew for every digest, which costs a quarter of a
 * microsecond: taking a context up again with the key that it has gives wrong
 * digests, without an error, in OpenSSL 3.0.0 to 3.0.2 (openssl issue 17811).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#ifdef STRIPEHOOK_PORTABLE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>
#else
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
#endif

#include "signature_hmac.h"
#include "mem.h"

#include "banned.h"

#ifdef STRIPEHOOK_PORTABLE

struct signature_hmac {
	SHA256_CTX inner;
	unsigned char outer[SHA256_CBLOCK]; /* the key, for the second pass */
	bool failed;
};

static bool
library_open(struct signature_hmac *h)
{
	(void)h;
	return true;
}

static void
library_close(struct signature_hmac *h)
{
	mem_cleanse(h, sizeof(*h));
}

/* RFC 2104, section 2. */
static bool
library_begin(struct signature_hmac *h, const void *key, size_t len)
{
	unsigned char block[SHA256_CBLOCK] = { 0 };
	bool good = true;
	size_t i;

	if (len <= sizeof(block))
		memcpy(block, key, len);
	else
		good = SHA256_Init(&h->inner) == 1 &&
		    SHA256_Update(&h->inner, key, len) == 1 &&
		    SHA256_Final(block, &h->inner) == 1;
	for (i = 0; i < sizeof(block); i++) {
		h->outer[i] = block[i] ^ 0x5c;
		block[i] ^= 0x36;
	}
	good = good && SHA256_Init(&h->inner) == 1 &&
	    SHA256_Update(&h->inner, block, sizeof(block)) == 1;
	mem_cleanse(block, sizeof(block));
	return good;
}

static bool
library_add(struct signature_hmac *h, const void *p, size_t n)
{
	return SHA256_Update(&h->inner, p, n) == 1;
}

static bool
library_end(struct signature_hmac *h, unsigned char out[SIGNATURE_HMAC_SIZE])
{
	SHA256_CTX second;
	bool good;

	good = SHA256_Final(out, &h->inner) == 1 && SHA256_Init(&second) == 1 &&
	    SHA256_Update(&second, h->outer, sizeof(h->outer)) == 1 &&
	    SHA256_Update(&second, out, SIGNATURE_HMAC_SIZE) == 1 &&
	    SHA256_Final(out, &second) == 1;
	mem_cleanse(&second, sizeof(second));
	return good;
}

static const char *
library_reason(void)
{
	return NULL;
}

#elif OPENSSL_VERSION_NUMBER >= 0x30000000L

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

#ifndef STRIPEHOOK_PORTABLE

static const char *
library_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return reason;
}

#endif

static enum result
library_failed(struct err *e)
{
	const char *reason = library_reason();

	err_set(e, "OpenSSL cannot compute HMAC-SHA256: %s",
	    reason != NULL ? reason : "it gives no reason");
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
