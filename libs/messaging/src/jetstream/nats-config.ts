import { secretUrls } from '@orders/service';

/** What an app reads that uses NATS: `baseConfig.extend({ ...natsConfig })`. */
export const natsConfig = { NATS_URL: secretUrls('nats', 'tls') };
