/*
 * The contract of lib/store.h as tests that every backend has to pass.
 */
#ifndef STRIPEHOOK_STORE_CONTRACT_H
#define STRIPEHOOK_STORE_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

#define CONTRACT_URI_SIZE 512

/* A backend under test. */
struct contract_backend {
	const char *name;
	/* The URI of a store that does not exist yet, into uri. */
	void (*make)(char uri[CONTRACT_URI_SIZE]);
	/* Removes it. */
	void (*drop)(const char *uri);
};

/* What every test of the contract begins with. */
struct contract {
	const struct contract_backend *backend;
	char uri[CONTRACT_URI_SIZE];
	struct store *s; /* as the endpoint has it */
	int64_t now_ms; /* what its clock says */
	struct err e;
};

/*
 * Runs all tests against the backend; returns how many failed.
 */
int contract_run(const struct contract_backend *backend);
int contract_run_claims(const struct contract_backend *backend);
int contract_run_admin(const struct contract_backend *backend);
int contract_run_queue(const struct contract_backend *backend);

/* A test between setup and teardown; b is the backend. */
#define CONTRACT_TEST(name) \
	cmocka_unit_test_prestate_setup_teardown( \
	    name, contract_setup, contract_teardown, (void *)(uintptr_t)b)

/*
 * cmocka fixtures: contract_setup wants the backend as initial state.
 */
int contract_setup(void **state);
int contract_teardown(void **state);

/*
 * The clock of a contract.
 */
int64_t contract_clock(void *arg);

/*
 * Puts an event of endpoint "shop", type "invoice.paid", whose body is its
 * id, for the handlers (comma-separated) in that lane; asserts that it is new.
 */
void contract_put(
    struct contract *c, const char *id, const char *handlers, const char *lane);

/*
 * Claims up to max of one handler, with a lease of 1000 ms. Returns how many.
 */
size_t contract_claim(struct contract *c, const char *handler, bool strict,
    struct store_claim *claims, size_t max);

/*
 * Finishes a claim in that state; returns what came of it.
 */
enum result contract_finish(struct contract *c, const struct store_claim *claim,
    enum delivery_state state, int64_t delay_ms);

/*
 * Claims one, asserts that it is of that event, finishes it.
 */
void contract_expect(struct contract *c, const char *handler, bool strict,
    const char *id, enum delivery_state state, int64_t delay_ms);

#endif
