import { expect, it } from '@jest/globals';
import { metricsText } from '@orders/instrumentation';
import { Secret } from '@orders/service';
import { eventually } from '@orders/resilience/testing/eventually';
import { DataSource } from 'typeorm';
import { postgresOptions } from './postgres.js';
import { createTestDatabase } from './testing/index.js';

const series = async (name: string) => {
  const lines = (await metricsText())
    .split('\n')
    .filter((line) => line.startsWith(`db_client_${name}{pool="measured"`));
  return lines.map((line) => line.replace(/.*pool="measured",?/, ''));
};

it('shows the connections in use, the idle ones, who waits for one, and for how long', async () => {
  await using db = await createTestDatabase();
  const options = postgresOptions({ url: new Secret(db.url), poolMax: 1, applicationName: 'measured' });
  const database = await new DataSource(options).initialize();
  try {
    expect(await series('connections')).toEqual(['state="idle"} 1', 'state="used"} 0']);
    const holder = database.createQueryRunner();
    await holder.connect();
    const waiting = database.query('SELECT 1');
    await eventually('a query to wait for the connection', async () =>
      (await series('connection_pending_requests')).includes('} 1'),
    );
    expect(await series('connections')).toEqual(['state="idle"} 0', 'state="used"} 1']);
    const before = await series('connection_wait_time_seconds_count');
    await holder.release();
    await waiting;
    expect(await series('connection_pending_requests')).toEqual(['} 0']);
    expect(await series('connection_wait_time_seconds_count')).not.toEqual(before);
  } finally {
    await database.destroy();
  }
});
