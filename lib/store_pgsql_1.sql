-- The queue in PostgreSQL: version 1 of the schema. "stripehook init" runs what
-- is missing, in one transaction. Never change a version: add a file that makes
-- the next one of it.
--
-- Everything is done by functions, so that the roles of endpoint and worker
-- need no right on a table (store_pgsql_roles.sql), and a verb of the store
-- is one round trip.
--
-- Lanes work as in SQLite: of the pending deliveries of a lane those that
-- would only be in the way wait behind, with ready_ms NULL, where no claim
-- looks. Here many do so at once: who decides who is in front or behind in a
-- lane holds the lane's advisory lock. Locks are waited for in this order:
-- lanes, by their key; then rows. A claim, which cannot know its lanes
-- beforehand, waits for neither: it skips what is locked.

CREATE SCHEMA IF NOT EXISTS stripehook;
REVOKE ALL ON SCHEMA stripehook FROM PUBLIC;

CREATE TABLE stripehook.meta (
	version integer NOT NULL,
	place text NOT NULL
);

CREATE TABLE stripehook.event (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	endpoint text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL,
	type text COLLATE "C" NOT NULL,
	style integer NOT NULL,
	created bigint NOT NULL,
	received_ms bigint NOT NULL,
	livemode boolean NOT NULL,
	object text COLLATE "C" NOT NULL,
	object_id text COLLATE "C" NOT NULL,
	customer text COLLATE "C" NOT NULL,
	account text COLLATE "C" NOT NULL,
	context text COLLATE "C" NOT NULL,
	api_version text COLLATE "C" NOT NULL,
	request_id text COLLATE "C" NOT NULL,
	snapshot_event text COLLATE "C" NOT NULL,
	size bigint NOT NULL,
	body bytea,
	xid bigint NOT NULL,
	UNIQUE (event_id, endpoint)
);
-- The number of the transaction: who follows what happens is told of those
-- that nothing older can come before any more.
CREATE INDEX event_xid ON stripehook.event (xid, id);
CREATE INDEX event_received ON stripehook.event (received_ms, id);
CREATE INDEX event_object ON stripehook.event (object_id)
	WHERE object_id <> '';
CREATE INDEX event_customer ON stripehook.event (customer)
	WHERE customer <> '';

-- Rows change two or three times each and then rest: vacuum by number, not
-- by share, or a queue of millions is swept too seldom.
CREATE TABLE stripehook.delivery (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event bigint NOT NULL REFERENCES stripehook.event ON DELETE CASCADE,
	handler text COLLATE "C" NOT NULL,
	lane text COLLATE "C" NOT NULL,
	state integer NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
	attempts integer NOT NULL DEFAULT 0,
	tries integer NOT NULL DEFAULT 0,
	due_ms bigint,
	ready_ms bigint,
	token bigint,
	finished_ms bigint,
	UNIQUE (event, handler)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 10000,
	autovacuum_vacuum_cost_delay = 0);
CREATE INDEX delivery_ready ON stripehook.delivery (handler, ready_ms, id)
	WHERE ready_ms IS NOT NULL;
CREATE INDEX delivery_lane ON stripehook.delivery
	(handler, lane, ready_ms NULLS FIRST, id)
	WHERE state = 0 AND lane <> '';
-- The promise itself: one at a time.
CREATE UNIQUE INDEX delivery_running ON stripehook.delivery (handler, lane)
	WHERE state = 1 AND lane <> '';
CREATE INDEX delivery_failed ON stripehook.delivery (event) WHERE state = 3;

CREATE TABLE stripehook.attempt (
	delivery bigint NOT NULL
	    REFERENCES stripehook.delivery ON DELETE CASCADE,
	number integer NOT NULL,
	started_ms bigint NOT NULL,
	ended_ms bigint NOT NULL DEFAULT 0,
	outcome integer NOT NULL DEFAULT 0,
	exit_code integer NOT NULL DEFAULT -1,
	term_signal integer NOT NULL DEFAULT 0,
	reason text NOT NULL DEFAULT '',
	output bytea NOT NULL DEFAULT '',
	xid bigint, -- of the transaction that ended it
	PRIMARY KEY (delivery, number)
) WITH (fillfactor = 70);
CREATE INDEX attempt_xid ON stripehook.attempt (xid, delivery)
	WHERE xid IS NOT NULL;

-- One row for each secret that ever verified an event.
CREATE TABLE stripehook.secret (
	endpoint text COLLATE "C" NOT NULL,
	fingerprint text COLLATE "C" NOT NULL,
	last_ms bigint NOT NULL,
	PRIMARY KEY (endpoint, fingerprint)
);

-- What is known of each handler: the sums, and what is to be added to them.
-- One row that all workers change would make them wait for each other.
CREATE TABLE stripehook.handler (
	name text COLLATE "C" PRIMARY KEY,
	pending bigint NOT NULL,
	running bigint NOT NULL,
	succeeded bigint NOT NULL,
	failed bigint NOT NULL,
	attempts_succeeded bigint NOT NULL,
	attempts_failed bigint NOT NULL,
	parked bigint NOT NULL,
	streak bigint NOT NULL,
	last_success_ms bigint NOT NULL,
	last_failure_ms bigint NOT NULL,
	timed bigint NOT NULL,
	timed_ms bigint NOT NULL,
	timed_le bigint[] NOT NULL -- bounds: STORE_TIMED_BOUNDS
);
CREATE TABLE stripehook.handler_change (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE "C" NOT NULL,
	pending bigint NOT NULL DEFAULT 0,
	running bigint NOT NULL DEFAULT 0,
	succeeded bigint NOT NULL DEFAULT 0,
	failed bigint NOT NULL DEFAULT 0,
	attempts_succeeded bigint NOT NULL DEFAULT 0,
	attempts_failed bigint NOT NULL DEFAULT 0,
	parked bigint NOT NULL DEFAULT 0,
	last_success_ms bigint NOT NULL DEFAULT 0,
	last_failure_ms bigint NOT NULL DEFAULT 0,
	took_ms bigint -- what an attempt took that ended, and was not lost
) WITH (autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 10000,
	autovacuum_vacuum_cost_delay = 0);

CREATE VIEW stripehook.handler_sum AS
SELECT name, sum(pending) AS pending, sum(running) AS running,
	sum(succeeded) AS succeeded, sum(failed) AS failed,
	sum(attempts_succeeded) AS attempts_succeeded,
	sum(attempts_failed) AS attempts_failed, sum(parked) AS parked,
	-- Failures behind the last success.
	coalesce(sum(attempts_failed) FILTER (WHERE id > success), 0)
	    AS streak,
	max(last_success_ms) AS last_success_ms,
	max(last_failure_ms) AS last_failure_ms,
	count(took_ms) AS timed, coalesce(sum(took_ms), 0) AS timed_ms,
	ARRAY[count(*) FILTER (WHERE took_ms <= 50),
	    count(*) FILTER (WHERE took_ms <= 100),
	    count(*) FILTER (WHERE took_ms <= 250),
	    count(*) FILTER (WHERE took_ms <= 500),
	    count(*) FILTER (WHERE took_ms <= 1000),
	    count(*) FILTER (WHERE took_ms <= 2500),
	    count(*) FILTER (WHERE took_ms <= 5000),
	    count(*) FILTER (WHERE took_ms <= 10000),
	    count(*) FILTER (WHERE took_ms <= 30000),
	    count(*) FILTER (WHERE took_ms <= 60000),
	    count(*) FILTER (WHERE took_ms <= 300000)] AS timed_le
FROM (SELECT *, coalesce(max(id) FILTER (WHERE attempts_succeeded > 0)
	    OVER (PARTITION BY name), -1) AS success
	FROM stripehook.handler_change) AS marked
GROUP BY name;

CREATE FUNCTION stripehook.add_each(a bigint[], b bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT coalesce(x, 0) + coalesce(y, 0)
	FROM unnest(a, b) WITH ORDINALITY AS t (x, y, n) ORDER BY n);

CREATE VIEW stripehook.handler_now AS
SELECT name,
	(coalesce(h.pending, 0) + coalesce(c.pending, 0))::bigint AS pending,
	(coalesce(h.running, 0) + coalesce(c.running, 0))::bigint AS running,
	(coalesce(h.succeeded, 0) + coalesce(c.succeeded, 0))::bigint
	    AS succeeded,
	(coalesce(h.failed, 0) + coalesce(c.failed, 0))::bigint AS failed,
	(coalesce(h.attempts_succeeded, 0)
	    + coalesce(c.attempts_succeeded, 0))::bigint
	    AS attempts_succeeded,
	(coalesce(h.attempts_failed, 0)
	    + coalesce(c.attempts_failed, 0))::bigint AS attempts_failed,
	(coalesce(h.parked, 0) + coalesce(c.parked, 0))::bigint AS parked,
	(coalesce(c.streak, 0) + CASE WHEN c.attempts_succeeded > 0 THEN 0
	    ELSE coalesce(h.streak, 0) END)::bigint AS streak,
	greatest(h.last_success_ms, c.last_success_ms) AS last_success_ms,
	greatest(h.last_failure_ms, c.last_failure_ms) AS last_failure_ms,
	(coalesce(h.timed, 0) + coalesce(c.timed, 0))::bigint AS timed,
	(coalesce(h.timed_ms, 0) + coalesce(c.timed_ms, 0))::bigint
	    AS timed_ms,
	stripehook.add_each(h.timed_le, c.timed_le) AS timed_le
FROM stripehook.handler AS h
FULL JOIN stripehook.handler_sum AS c USING (name);

-- Adds up what has been collected. One at a time; who finds another at it
-- leaves it to that one. What is added and what is deleted are seen at the
-- same moment, for it is one statement.
CREATE FUNCTION stripehook.fold() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended(
	    'stripehook fold', 0)) THEN
		RETURN;
	END IF;
	WITH gone AS (DELETE FROM stripehook.handler_change),
	now AS (SELECT n.* FROM stripehook.handler_now AS n
		JOIN stripehook.handler_sum USING (name))
	INSERT INTO stripehook.handler
	SELECT name, pending, running, succeeded, failed, attempts_succeeded,
		attempts_failed, parked, streak, last_success_ms,
		last_failure_ms, timed, timed_ms, timed_le
	FROM now
	ON CONFLICT (name) DO UPDATE SET pending = excluded.pending,
		running = excluded.running, succeeded = excluded.succeeded,
		failed = excluded.failed,
		attempts_succeeded = excluded.attempts_succeeded,
		attempts_failed = excluded.attempts_failed,
		parked = excluded.parked, streak = excluded.streak,
		last_success_ms = excluded.last_success_ms,
		last_failure_ms = excluded.last_failure_ms,
		timed = excluded.timed, timed_ms = excluded.timed_ms,
		timed_le = excluded.timed_le;
END $$;

-- This transaction, as a number.
CREATE FUNCTION stripehook.this_xid() RETURNS bigint
LANGUAGE sql VOLATILE
RETURN pg_current_xact_id()::text::bigint;

-- The server's clock, so that machines whose clocks differ agree; or that of
-- a test.
CREATE FUNCTION stripehook.now_ms(p_now bigint) RETURNS bigint
LANGUAGE sql VOLATILE
RETURN coalesce(p_now,
	floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);

CREATE FUNCTION stripehook.lane_key(p_handler text, p_lane text)
RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN hashtextextended(p_handler || ' ' || p_lane, 4242);

-- Waits for the lanes of new deliveries; of known ones.
CREATE FUNCTION stripehook.lock_lanes(p_handlers text[], p_lanes text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	k bigint;
BEGIN
	FOR k IN SELECT DISTINCT stripehook.lane_key(handler, lane) AS key
	    FROM unnest(p_handlers, p_lanes) AS t (handler, lane)
	    WHERE lane <> '' ORDER BY key
	LOOP
		PERFORM pg_advisory_xact_lock(k);
	END LOOP;
END $$;

CREATE FUNCTION stripehook.lock_lanes_of(p_ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	k bigint;
BEGIN
	FOR k IN SELECT DISTINCT stripehook.lane_key(handler, lane) AS key
	    FROM stripehook.delivery
	    WHERE id = ANY (p_ids) AND lane <> '' ORDER BY key
	LOOP
		PERFORM pg_advisory_xact_lock(k);
	END LOOP;
END $$;

-- Whether one that is due then has to wait behind others of its lane.
CREATE FUNCTION stripehook.is_behind(
	p_handler text, p_lane text, p_due bigint)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN p_lane <> '' AND coalesce((
		SELECT ready_ms IS NULL OR ready_ms <= p_due
		FROM stripehook.delivery
		WHERE handler = p_handler AND lane = p_lane
		    AND state = 0 AND lane <> ''
		ORDER BY ready_ms NULLS FIRST LIMIT 1), false);
END $$;

-- When each secret last verified something: at most once a minute, so that it
-- costs nothing. A clock that was set back must not keep it from moving on.
CREATE FUNCTION stripehook.note_secrets(
	p_now bigint, p_endpoint text, p_secrets text[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO stripehook.secret AS s
	SELECT p_endpoint, f, p_now FROM unnest(p_secrets) AS t (f)
	WHERE NOT EXISTS (SELECT 1 FROM stripehook.secret
		WHERE endpoint = p_endpoint AND fingerprint = f
		    AND abs(p_now - last_ms) < 60000)
	ORDER BY f
	ON CONFLICT (endpoint, fingerprint)
	DO UPDATE SET last_ms = excluded.last_ms;
END $$;

-- Keeps an event. 0: new; 1: it was there; 2: it was there with other bytes.
-- The caller holds the lanes.
CREATE FUNCTION stripehook.put(p_now bigint, p_endpoint text,
	p_event_id text, p_type text, p_style integer, p_created bigint,
	p_livemode boolean, p_object text, p_object_id text,
	p_customer text, p_account text, p_context text,
	p_api_version text, p_request_id text, p_snapshot_event text,
	p_body bytea, p_handlers text[], p_lanes text[], p_delays bigint[],
	p_secrets text[])
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_now bigint := stripehook.now_ms(p_now);
	v_event bigint;
	d record;
BEGIN
	PERFORM stripehook.note_secrets(v_now, p_endpoint, p_secrets);
	INSERT INTO stripehook.event (endpoint, event_id, type, style,
		created, received_ms, livemode, object, object_id, customer,
		account, context, api_version, request_id, snapshot_event,
		size, body, xid)
	VALUES (p_endpoint, p_event_id, p_type, p_style, p_created, v_now,
		p_livemode, p_object, p_object_id, p_customer, p_account,
		p_context, p_api_version, p_request_id, p_snapshot_event,
		octet_length(p_body), p_body, stripehook.this_xid())
	ON CONFLICT (event_id, endpoint) DO NOTHING
	RETURNING id INTO v_event;
	IF v_event IS NULL THEN
		RETURN (SELECT CASE WHEN body <> p_body THEN 2 ELSE 1 END
			FROM stripehook.event
			WHERE event_id = p_event_id AND endpoint = p_endpoint);
	END IF;
	FOR d IN SELECT handler, lane, v_now + delay AS due
	    FROM unnest(p_handlers, p_lanes, p_delays)
		WITH ORDINALITY AS t (handler, lane, delay, n) ORDER BY n
	LOOP
		INSERT INTO stripehook.delivery
			(event, handler, lane, due_ms, ready_ms)
		VALUES (v_event, d.handler, d.lane, d.due,
			CASE WHEN stripehook.is_behind(
			    d.handler, d.lane, d.due) THEN NULL
			ELSE d.due END);
	END LOOP;
	INSERT INTO stripehook.handler_change (name, pending)
	SELECT handler, count(*) FROM unnest(p_handlers) AS t (handler)
	GROUP BY handler;
	RETURN 0;
END $$;

-- Tells the workers. A transaction of its own whose commit nobody waits for:
-- those that notify commit one after the other.
CREATE FUNCTION stripehook.wake() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM set_config('synchronous_commit', 'off', true);
	PERFORM pg_notify('stripehook', '');
END $$;

-- Calls back the earliest that waits behind. One that is not due yet must not
-- keep those behind it waiting.
CREATE FUNCTION stripehook.lane_next(
	p_handler text, p_lane text, p_now bigint)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_due bigint;
BEGIN
	IF p_lane = '' THEN
		RETURN;
	END IF;
	LOOP
		UPDATE stripehook.delivery SET ready_ms = due_ms
		WHERE id = (SELECT id FROM stripehook.delivery
			WHERE handler = p_handler AND lane = p_lane
			    AND state = 0 AND lane <> '' AND ready_ms IS NULL
			ORDER BY id LIMIT 1)
		RETURNING due_ms INTO v_due;
		EXIT WHEN v_due IS NULL OR v_due <= p_now;
	END LOOP;
END $$;

-- Records how a claim ended; false where the token no longer matches. The
-- caller holds the lane.
CREATE FUNCTION stripehook.finish(p_now bigint, p_id bigint,
	p_token bigint, p_state integer, p_delay bigint, p_outcome integer,
	p_duration bigint, p_exit integer, p_signal integer, p_reason text,
	p_output bytea)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_now bigint := stripehook.now_ms(p_now);
	v_due bigint := CASE WHEN p_state = 0 THEN v_now + p_delay END;
	v_ended bigint;
	d record;
BEGIN
	UPDATE stripehook.delivery SET state = p_state, due_ms = v_due,
		ready_ms = v_due, token = NULL,
		finished_ms = CASE WHEN p_state > 1 THEN v_now END
	WHERE id = p_id AND state = 1 AND token = p_token
	RETURNING handler, lane, attempts INTO d;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	UPDATE stripehook.attempt SET outcome = p_outcome,
		ended_ms = started_ms + greatest(p_duration, 0),
		exit_code = p_exit, term_signal = p_signal,
		reason = p_reason, output = p_output,
		xid = stripehook.this_xid()
	WHERE delivery = p_id AND number = d.attempts
	RETURNING ended_ms INTO v_ended;
	INSERT INTO stripehook.handler_change (name, running, pending,
		succeeded, failed, attempts_succeeded, attempts_failed,
		parked, last_success_ms, last_failure_ms, took_ms)
	VALUES (d.handler, -1, (p_state = 0)::int, (p_state = 2)::int,
		(p_state = 3)::int, (p_outcome = 1)::int,
		(p_outcome > 1)::int, (p_state = 3)::int,
		CASE WHEN p_outcome = 1 THEN v_ended ELSE 0 END,
		CASE WHEN p_outcome > 1 THEN v_ended ELSE 0 END,
		CASE WHEN p_outcome NOT IN (0, 4)
		    THEN greatest(p_duration, 0) END);
	PERFORM stripehook.lane_next(d.handler, d.lane, v_now);
	RETURN true;
END $$;

-- Marks a delivery as running, whose row and lane the caller holds. An owner
-- who has not been heard of again has lost it. Returns the attempt's number
-- since the last retry by hand.
CREATE FUNCTION stripehook.hand_out(
	p_id bigint, p_now bigint, p_lease bigint, p_token bigint)
RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_until bigint := p_now + greatest(p_lease, 1);
	v_was integer;
	v_lost bigint;
	d record;
BEGIN
	SELECT state INTO v_was FROM stripehook.delivery WHERE id = p_id;
	UPDATE stripehook.delivery SET state = 1, attempts = attempts + 1,
		tries = tries + 1, due_ms = v_until, ready_ms = v_until,
		token = p_token
	WHERE id = p_id RETURNING handler, attempts, tries INTO d;
	IF v_was = 1 THEN
		UPDATE stripehook.attempt SET outcome = 4,
			ended_ms = greatest(p_now, started_ms),
			reason =
			'its lease ended without a word from its owner',
			xid = stripehook.this_xid()
		WHERE delivery = p_id AND outcome = 0
		RETURNING ended_ms INTO v_lost;
	END IF;
	INSERT INTO stripehook.attempt (delivery, number, started_ms)
	VALUES (p_id, d.attempts, p_now);
	INSERT INTO stripehook.handler_change (name, pending, running,
		attempts_failed, last_failure_ms)
	VALUES (d.handler, CASE v_was WHEN 0 THEN -1 ELSE 0 END,
		CASE v_was WHEN 0 THEN 1 ELSE 0 END,
		(v_lost IS NOT NULL)::int, coalesce(v_lost, 0));
	RETURN d.tries;
END $$;

-- Whether a delivery may go now. If not, what is due in its lane is sent
-- behind, a hundred at most, and the first of a strict lane made ready. The
-- caller holds the row and the lane.
CREATE FUNCTION stripehook.lane_free(p_id bigint, p_handler text,
	p_lane text, p_state integer, p_strict boolean)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Whose lease is over has the lane itself.
	IF p_lane = '' OR p_state = 1 THEN
		RETURN true;
	END IF;
	IF EXISTS (SELECT 1 FROM stripehook.delivery WHERE handler = p_handler
	    AND lane = p_lane AND state = 1 AND lane <> '') THEN
		RETURN false;
	END IF;
	RETURN NOT p_strict OR p_id = stripehook.lane_first(
		p_handler, p_lane);
END $$;

-- The earliest pending one of a lane; those behind are not all looked at.
CREATE FUNCTION stripehook.lane_first(p_handler text, p_lane text)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN least(
		(SELECT id FROM stripehook.delivery
		WHERE handler = p_handler AND lane = p_lane
		    AND state = 0 AND lane <> '' AND ready_ms IS NULL
		ORDER BY id LIMIT 1),
		(SELECT min(id) FROM stripehook.delivery
		WHERE handler = p_handler AND lane = p_lane
		    AND state = 0 AND lane <> '' AND ready_ms IS NOT NULL));
END $$;

CREATE FUNCTION stripehook.send_behind(
	p_handler text, p_lane text, p_strict boolean, p_now bigint)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_n bigint;
BEGIN
	WITH due AS (
		SELECT id FROM stripehook.delivery
		WHERE handler = p_handler AND lane = p_lane
		    AND state = 0 AND lane <> '' AND ready_ms <= p_now
		ORDER BY ready_ms, id LIMIT 100 FOR UPDATE SKIP LOCKED)
	UPDATE stripehook.delivery d SET ready_ms = NULL FROM due
	WHERE d.id = due.id;
	GET DIAGNOSTICS v_n = ROW_COUNT;
	IF p_strict AND NOT EXISTS (SELECT 1 FROM stripehook.delivery
	    WHERE handler = p_handler AND lane = p_lane AND state = 1
	    AND lane <> '') THEN
		UPDATE stripehook.delivery SET ready_ms = due_ms
		WHERE id = stripehook.lane_first(p_handler, p_lane)
		    AND ready_ms IS NULL;
	END IF;
	RETURN v_n;
END $$;

-- Hands out what is due, the longest due first, as many as there are tokens.
-- p_max: how many of each handler; negative for any.
CREATE FUNCTION stripehook.claim(p_now bigint, p_handlers text[],
	p_leases bigint[], p_max integer[], p_strict boolean[],
	p_tokens bigint[])
RETURNS TABLE (o_delivery bigint, o_token bigint, o_number integer,
	o_received_ms bigint, o_now_ms bigint, o_endpoint text,
	o_event_id text, o_handler text, o_lane text, o_body bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	v_now bigint := stripehook.now_ms(p_now);
	v_limit integer := coalesce(array_length(p_tokens, 1), 0);
	v_room integer[] := p_max;
	v_taken integer := 0;
	v_behind bigint := 0;
	v_before bigint;
	r record;
BEGIN
	LOOP
		v_before := v_behind;
		FOR r IN SELECT d.*, h.n
		    FROM unnest(p_handlers) WITH ORDINALITY AS h (name, n),
		    LATERAL (SELECT id, handler, lane, state, ready_ms
			FROM stripehook.delivery
			WHERE handler = h.name AND ready_ms <= v_now
			    AND ready_ms IS NOT NULL
			ORDER BY ready_ms, id LIMIT v_limit - v_taken
			FOR UPDATE SKIP LOCKED) AS d
		    WHERE v_room[h.n] <> 0
		    ORDER BY d.ready_ms, d.id
		LOOP
			EXIT WHEN v_taken >= v_limit;
			CONTINUE WHEN v_room[r.n] = 0;
			-- Another decides about this lane just now.
			CONTINUE WHEN r.lane <> '' AND NOT
			    pg_try_advisory_xact_lock(
			    stripehook.lane_key(r.handler, r.lane));
			-- It may have been sent behind a moment ago.
			CONTINUE WHEN NOT EXISTS (
			    SELECT 1 FROM stripehook.delivery
			    WHERE id = r.id AND ready_ms IS NOT NULL);
			IF NOT stripehook.lane_free(r.id, r.handler, r.lane,
			    r.state, p_strict[r.n]) THEN
				v_behind := v_behind + stripehook.send_behind(
				    r.handler, r.lane, p_strict[r.n], v_now);
				CONTINUE;
			END IF;
			v_taken := v_taken + 1;
			v_room[r.n] := v_room[r.n] - 1;
			o_number := stripehook.hand_out(r.id, v_now,
			    p_leases[r.n], p_tokens[v_taken]);
			RETURN QUERY SELECT r.id, p_tokens[v_taken],
			    o_number, e.received_ms, v_now, e.endpoint::text,
			    e.event_id::text, r.handler::text, r.lane::text,
			    e.body
			FROM stripehook.delivery d
			JOIN stripehook.event e ON e.id = d.event
			WHERE d.id = r.id;
		END LOOP;
		EXIT WHEN v_taken >= v_limit OR v_behind = v_before
		    OR v_behind >= 1000;
	END LOOP;
END $$;

-- The deliveries of one event, pending ones also before they are due.
CREATE FUNCTION stripehook.claim_event(p_now bigint, p_endpoint text,
	p_event_id text, p_handlers text[], p_leases bigint[],
	p_max integer[], p_strict boolean[], p_tokens bigint[])
RETURNS TABLE (o_delivery bigint, o_token bigint, o_number integer,
	o_received_ms bigint, o_now_ms bigint, o_endpoint text,
	o_event_id text, o_handler text, o_lane text, o_body bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	v_now bigint := stripehook.now_ms(p_now);
	v_limit integer := coalesce(array_length(p_tokens, 1), 0);
	v_taken integer := 0;
	r record;
BEGIN
	FOR r IN SELECT d.id, d.handler, d.lane, d.state, h.n, e.received_ms,
		e.body
	    FROM unnest(p_handlers) WITH ORDINALITY AS h (name, n)
	    JOIN stripehook.event e ON e.endpoint = p_endpoint
		AND e.event_id = p_event_id
	    JOIN stripehook.delivery d ON d.event = e.id
		AND d.handler = h.name
	    WHERE p_max[h.n] <> 0 AND (d.state = 0
		OR (d.state = 1 AND d.due_ms <= v_now))
	    ORDER BY h.n
	    FOR UPDATE OF d SKIP LOCKED
	LOOP
		EXIT WHEN v_taken >= v_limit;
		CONTINUE WHEN r.lane <> '' AND NOT pg_try_advisory_xact_lock(
		    stripehook.lane_key(r.handler, r.lane));
		CONTINUE WHEN NOT stripehook.lane_free(r.id, r.handler,
		    r.lane, r.state, p_strict[r.n]);
		v_taken := v_taken + 1;
		o_number := stripehook.hand_out(r.id, v_now, p_leases[r.n],
		    p_tokens[v_taken]);
		RETURN QUERY SELECT r.id, p_tokens[v_taken], o_number,
		    r.received_ms, v_now, p_endpoint, p_event_id,
		    r.handler::text, r.lane::text, r.body;
	END LOOP;
END $$;

-- Milliseconds until something may be claimed; NULL where nothing waits.
CREATE FUNCTION stripehook.next_due(p_now bigint, p_handlers text[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_first bigint;
BEGIN
	v_first := (SELECT min(d.ready_ms)
		FROM unnest(p_handlers) AS h (name), LATERAL (
			SELECT ready_ms FROM stripehook.delivery
			WHERE handler = h.name AND ready_ms IS NOT NULL
			ORDER BY ready_ms, id LIMIT 1) AS d);
	-- greatest() takes no notice of NULL.
	RETURN CASE WHEN v_first IS NOT NULL
	    THEN greatest(v_first - stripehook.now_ms(p_now), 0) END;
END $$;

-- Makes deliveries due now that do not run. Returns how many.
CREATE FUNCTION stripehook.retry(p_now bigint, p_ids bigint[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_now bigint := stripehook.now_ms(p_now);
	v_n bigint := 0;
	v_behind boolean;
	d record;
BEGIN
	PERFORM stripehook.lock_lanes_of(p_ids);
	FOR d IN SELECT delivery.* FROM unnest(p_ids) WITH ORDINALITY
		AS t (id, n) JOIN stripehook.delivery USING (id)
	    WHERE state <> 1 ORDER BY n FOR UPDATE OF delivery
	LOOP
		v_behind := CASE WHEN d.due_ms IS NOT NULL
		    THEN d.ready_ms IS NULL
		    ELSE stripehook.is_behind(d.handler, d.lane, v_now) END;
		UPDATE stripehook.delivery SET
			due_ms = least(coalesce(due_ms, v_now), v_now),
			ready_ms = CASE WHEN NOT v_behind THEN
			    least(coalesce(due_ms, v_now), v_now) END,
			tries = CASE state WHEN 0 THEN tries ELSE 0 END,
			state = 0, finished_ms = NULL
		WHERE id = d.id;
		IF d.state <> 0 THEN
			INSERT INTO stripehook.handler_change
				(name, pending, succeeded, failed)
			VALUES (d.handler, 1, -(d.state = 2)::int,
				-(d.state = 3)::int);
		END IF;
		v_n := v_n + 1;
	END LOOP;
	RETURN v_n;
END $$;

-- Parks what is pending for a handler. All at once: were only some of a lane
-- given up, those that wait behind them would not be called back.
CREATE FUNCTION stripehook.give_up(p_now bigint, p_handler text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_n bigint;
BEGIN
	-- None may come behind one of them meanwhile.
	LOCK TABLE stripehook.delivery IN SHARE ROW EXCLUSIVE MODE;
	UPDATE stripehook.delivery SET state = 3, due_ms = NULL,
		ready_ms = NULL, finished_ms = stripehook.now_ms(p_now)
	WHERE handler = p_handler AND state = 0;
	GET DIAGNOSTICS v_n = ROW_COUNT;
	IF v_n > 0 THEN
		INSERT INTO stripehook.handler_change
			(name, pending, failed, parked)
		VALUES (p_handler, -v_n, v_n, v_n);
	END IF;
	RETURN v_n;
END $$;

-- A step of pruning: looks at p_look events behind the cursor, and deletes up
-- to p_max of them, or drops their bodies. Returns how many that were, the
-- cursor, and whether there is more to look at.
CREATE FUNCTION stripehook.prune(p_after_ms bigint, p_after_id bigint,
	p_now bigint, p_age bigint, p_bodies boolean, p_look integer,
	p_max integer, OUT o_n bigint, OUT o_ms bigint, OUT o_id bigint,
	OUT o_more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	v_before bigint := stripehook.now_ms(p_now) - p_age;
	v_ids bigint[] := '{}';
	v_looked integer := 0;
	e record;
BEGIN
	o_ms := p_after_ms;
	o_id := p_after_id;
	o_n := 0;
	FOR e IN SELECT id, received_ms, body IS NOT NULL AS has_body
	    FROM stripehook.event
	    WHERE (received_ms, id) > (p_after_ms, p_after_id)
		AND received_ms < v_before
	    ORDER BY received_ms, id LIMIT p_look
	LOOP
		EXIT WHEN cardinality(v_ids) >= p_max;
		v_looked := v_looked + 1;
		o_ms := e.received_ms;
		o_id := e.id;
		CONTINUE WHEN p_bodies AND NOT e.has_body;
		CONTINUE WHEN EXISTS (SELECT 1 FROM stripehook.delivery
		    WHERE event = e.id AND due_ms IS NOT NULL);
		-- Held, so that no retry by hand comes in between.
		PERFORM 1 FROM stripehook.delivery WHERE event = e.id
		FOR UPDATE;
		CONTINUE WHEN EXISTS (SELECT 1 FROM stripehook.delivery
		    WHERE event = e.id AND due_ms IS NOT NULL);
		v_ids := v_ids || e.id;
	END LOOP;
	o_more := v_looked = p_look OR cardinality(v_ids) >= p_max;
	IF cardinality(v_ids) = 0 THEN
		RETURN;
	END IF;
	IF p_bodies THEN
		UPDATE stripehook.event SET body = NULL
		WHERE id = ANY (v_ids);
	ELSE
		WITH gone AS (DELETE FROM stripehook.delivery
			WHERE event = ANY (v_ids) RETURNING handler, state)
		INSERT INTO stripehook.handler_change
			(name, succeeded, failed)
		SELECT handler, -sum((state = 2)::int),
			-sum((state = 3)::int)
		FROM gone GROUP BY handler;
		DELETE FROM stripehook.event WHERE id = ANY (v_ids);
	END IF;
	GET DIAGNOSTICS o_n = ROW_COUNT;
END $$;

-- One event, for those who know its id; p_endpoint NULL for whatever endpoint.
CREATE FUNCTION stripehook.show_event(p_endpoint text, p_event_id text)
RETURNS TABLE (o_endpoint text, o_event_id text, o_type text,
	o_style integer, o_created bigint, o_received_ms bigint,
	o_livemode boolean, o_object_id text, o_customer text,
	o_account text, o_size bigint, o_pending bigint, o_running bigint,
	o_succeeded bigint, o_failed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT endpoint, event_id, type, style, created, received_ms,
		livemode, object_id, customer, account, size,
		d.pending, d.running, d.succeeded, d.failed
	FROM stripehook.event, LATERAL (
		SELECT count(*) FILTER (WHERE state = 0) AS pending,
			count(*) FILTER (WHERE state = 1) AS running,
			count(*) FILTER (WHERE state = 2) AS succeeded,
			count(*) FILTER (WHERE state = 3) AS failed
		FROM stripehook.delivery WHERE event = event.id) AS d
	WHERE event_id = p_event_id AND coalesce(endpoint = p_endpoint, true)
	ORDER BY endpoint
$$;

CREATE FUNCTION stripehook.show_body(p_endpoint text, p_event_id text)
RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT body FROM stripehook.event
	WHERE event_id = p_event_id AND endpoint = p_endpoint
$$;

CREATE FUNCTION stripehook.show_deliveries(p_endpoint text, p_event_id text)
RETURNS TABLE (o_id bigint, o_handler text, o_lane text, o_state integer,
	o_attempts integer, o_due_ms bigint, o_finished_ms bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT d.id, handler, lane, state, attempts, due_ms, finished_ms
	FROM stripehook.event e
	JOIN stripehook.delivery d ON d.event = e.id
	WHERE event_id = p_event_id AND endpoint = p_endpoint
	ORDER BY d.id
$$;

CREATE FUNCTION stripehook.show_attempts(p_endpoint text, p_event_id text)
RETURNS TABLE (o_delivery bigint, o_number integer, o_outcome integer,
	o_started_ms bigint, o_ended_ms bigint, o_exit_code integer,
	o_term_signal integer, o_reason text, o_output bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT a.delivery, number, outcome, started_ms, ended_ms, exit_code,
		term_signal, reason, output
	FROM stripehook.event e
	JOIN stripehook.delivery d ON d.event = e.id
	JOIN stripehook.attempt a ON a.delivery = d.id
	WHERE event_id = p_event_id AND endpoint = p_endpoint
	ORDER BY a.delivery, number
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA stripehook FROM PUBLIC;
