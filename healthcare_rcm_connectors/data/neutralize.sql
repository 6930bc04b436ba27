-- A copied database talks to nobody, takes nothing from real systems and works on
-- nothing of theirs.
UPDATE rcm_connector SET state = 'disabled';
DELETE FROM res_users_apikeys WHERE scope = 'rcm';
UPDATE rcm_connector_key
   SET revoked_at = now() AT TIME ZONE 'UTC'
 WHERE revoked_at IS NULL;
UPDATE rcm_webhook SET state = 'paused' WHERE state = 'active';
UPDATE rcm_delivery
   SET state = 'cancelled', next_attempt_at = NULL
 WHERE state IN ('pending', 'retry');
UPDATE rcm_secret
   SET secret = NULL, valid_until = now() AT TIME ZONE 'UTC';
UPDATE rcm_connector_pull SET active = false;
UPDATE rcm_monitor SET token_hash = NULL, previous_hash = NULL;
