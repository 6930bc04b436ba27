-- A copied database takes nothing from real systems and works on nothing of theirs.
UPDATE rcm_connector SET state = 'disabled';
DELETE FROM res_users_apikeys WHERE scope = 'rcm';
UPDATE rcm_connector_key
   SET revoked_at = now() AT TIME ZONE 'UTC'
 WHERE revoked_at IS NULL;
