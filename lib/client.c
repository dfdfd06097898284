/*
 * The HTTP client, on libcurl's easy interface.
 *
 * Signals: CURLOPT_NOSIGNAL stays off, so that libcurl keeps SIGPIPE away
 * from the program while it writes to a peer that has gone.
 */
#include "config.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <strings.h>

#include "client.h"
#include "client_impl.h"

#include "banned.h"

/*
 * Keeps what fits into the reply and lets the rest go by.
 */
static size_t
keep(char *p, size_t size, size_t n, void *arg)
{
	struct buf *reply = arg;
	size_t room = reply->max - reply->len;

	n *= size;
	buf_add(reply, p, n < room ? n : room);
	return n;
}

struct curl_slist *
client_headers(const char *const *headers)
{
	struct curl_slist *list, *longer;

	/* no waiting for "100 Continue" before the body is sent */
	if ((list = curl_slist_append(NULL, "Expect:")) == NULL)
		return NULL;
	longer = curl_slist_append(
	    list, "Content-Type: application/json; charset=utf-8");
	for (; longer != NULL && *headers != NULL; headers++)
		longer = curl_slist_append(list, *headers);
	if (longer != NULL)
		return list;
	curl_slist_free_all(list);
	return NULL;
}

enum result
client_judge(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return RES_OK;
	case CURLE_URL_MALFORMAT:
		return RES_INVALID;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return RES_BUSY;
	default:
		return RES_FAILED;
	}
}

/*
 * Only what an endpoint speaks, whatever libcurl was built with.
 */
static bool
set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ==
	    CURLE_OK;
#else
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
		   CURLPROTO_HTTP | CURLPROTO_HTTPS) == CURLE_OK;
#endif
}

/*
 * Sets all options; false when one of them is refused, which only happens
 * when memory runs out or libcurl lacks a protocol.
 */
static bool
set_options(CURL *curl, const char *url, int timeout, struct buf *reply)
{
	return set_protocols(curl) &&
	    curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
		(long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_USERAGENT,
		PACKAGE_NAME "/" PACKAGE_VERSION) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)timeout) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply) == CURLE_OK;
}

static bool
set_body(CURL *curl, struct curl_slist *headers, const void *body, size_t len)
{
	return headers != NULL &&
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		(curl_off_t)len) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, len > 0 ? body : "") ==
	    CURLE_OK;
}

bool
client_prepare(CURL *curl, const char *url, int timeout, struct buf *reply,
    struct curl_slist *headers, const void *body, size_t len)
{
	return set_options(curl, url, timeout, reply) &&
	    set_body(curl, headers, body, len);
}

bool
client_is_url(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 ||
	    strncasecmp(url, "https://", 8) == 0;
}

enum result
client_post(const char *url, const char *const *headers, const void *body,
    size_t len, int timeout, long *status, struct buf *reply, struct err *e)
{
	char words[CURL_ERROR_SIZE] = "";
	struct curl_slist *list = client_headers(headers);
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;

	*status = 0;
	if (!client_is_url(url)) {
		code = CURLE_URL_MALFORMAT;
	} else if (curl != NULL &&
	    client_prepare(curl, url, timeout, reply, list, body, len)) {
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
		code = curl_easy_perform(curl);
	}
	if (code == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	else
		err_set(e, "%s",
		    words[0] != '\0' ? words : curl_easy_strerror(code));
	curl_easy_cleanup(curl);
	curl_slist_free_all(list);
	return client_judge(code);
}
