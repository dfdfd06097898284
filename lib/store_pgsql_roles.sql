-- Roles that may do what each program has to, and nothing else. Run this as
-- the owner of the schema "stripehook", after "stripehook init"; it may be run
-- again. Then let users have a role:
--
--	CREATE USER web1 PASSWORD '...' IN ROLE stripehook_endpoint;
--
-- All but the owner act through functions of that schema, which run with the
-- owner's rights.

DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['stripehook_endpoint', 'stripehook_worker',
	    'stripehook_reader', 'stripehook_operator']
	LOOP
		IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', r);
		END IF;
	END LOOP;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA stripehook FROM PUBLIC,
	stripehook_endpoint, stripehook_worker, stripehook_reader,
	stripehook_operator;
REVOKE ALL ON ALL TABLES IN SCHEMA stripehook FROM PUBLIC,
	stripehook_endpoint, stripehook_worker, stripehook_reader,
	stripehook_operator;
GRANT USAGE ON SCHEMA stripehook TO stripehook_endpoint, stripehook_worker,
	stripehook_reader, stripehook_operator;
GRANT SELECT ON stripehook.meta TO stripehook_endpoint, stripehook_worker,
	stripehook_reader, stripehook_operator;

-- The endpoint keeps events, and runs inline handlers. It can neither list
-- what there is nor change it, and see an event only whose id it knows.
GRANT EXECUTE ON FUNCTION stripehook.put, stripehook.lock_lanes,
	stripehook.lock_lanes_of, stripehook.claim_event, stripehook.finish,
	stripehook.wake, stripehook.show_event, stripehook.show_body,
	stripehook.show_deliveries, stripehook.show_attempts
TO stripehook_endpoint;

-- The worker works, cleans up, and raises events of its own.
GRANT stripehook_endpoint TO stripehook_worker;
GRANT EXECUTE ON FUNCTION stripehook.claim, stripehook.next_due,
	stripehook.prune, stripehook.fold, stripehook.now_ms
TO stripehook_worker;
GRANT SELECT ON stripehook.event, stripehook.delivery, stripehook.handler_now
TO stripehook_worker;

-- Who looks.
GRANT EXECUTE ON FUNCTION stripehook.now_ms, stripehook.next_due,
	stripehook.show_event, stripehook.show_body,
	stripehook.show_deliveries, stripehook.show_attempts
TO stripehook_reader;
GRANT SELECT ON stripehook.event, stripehook.delivery, stripehook.attempt,
	stripehook.handler, stripehook.handler_change, stripehook.handler_now,
	stripehook.secret
TO stripehook_reader;

-- Who looks, retries, gives up and prunes.
GRANT stripehook_reader TO stripehook_operator;
GRANT EXECUTE ON FUNCTION stripehook.retry, stripehook.give_up,
	stripehook.prune, stripehook.fold, stripehook.wake, stripehook.put,
	stripehook.lock_lanes
TO stripehook_operator;
