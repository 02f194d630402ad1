import { secretUrls } from '@orders/service';

/** The settings of an app that uses NATS: `baseConfig.extend({ ...natsConfig })`. */
export const natsConfig = { NATS_URL: secretUrls('nats', 'tls') };
