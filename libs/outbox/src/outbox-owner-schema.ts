/**
 * For roles that may do no more than they must.
 *
 * - A function that runs with the rights of its owner finds the owner's objects alone: Postgres looks for a table among the
 *   temporary ones first, unless they are named. Whoever may make a temporary table could put one with a trigger in the
 *   place of the cursor, and the trigger would run as the owner.
 * - Only the relay may call these functions. Every role that moves the cursor already keeps that right.
 */
export const OUTBOX_SCHEMA_V5 = `
DO $$
DECLARE
  relay name;
BEGIN
  EXECUTE format('ALTER FUNCTION outbox_maintain(interval) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION outbox_rebase() SET search_path = %I, pg_temp', current_schema());
  FOR relay IN SELECT rolname FROM pg_roles
    WHERE rolname !~ '^pg_' AND NOT rolsuper AND has_any_column_privilege(oid, 'outbox_cursor'::regclass, 'UPDATE')
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION outbox_maintain(interval), outbox_rebase() TO %I', relay);
  END LOOP;
  REVOKE EXECUTE ON FUNCTION outbox_maintain(interval), outbox_rebase() FROM PUBLIC;
END $$;
`;
