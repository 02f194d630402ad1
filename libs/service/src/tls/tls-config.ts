import { z } from 'zod';

const file = z.string().optional();

/**
 * The variables that name the certificates of an app, as PEM files: `baseConfig.extend({ ...tlsConfig })`. Set all three,
 * or none for plaintext. `openTls` reads the files.
 */
export const tlsConfig = {
  /** The certificate of the app, followed by those of intermediate CAs. */
  TLS_CERT_FILE: file,
  /** Its private key, not encrypted. */
  TLS_KEY_FILE: file,
  /** The root certificates that sign the app's own certificate and those of its peers. */
  TLS_CA_FILE: file,
};

/** The parsed {@link tlsConfig}. */
export interface TlsConfigValues {
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly tlsCaFile?: string | undefined;
}

/** The path of each file. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The variable that names each file. */
export const VARIABLES = { cert: 'TLS_CERT_FILE', key: 'TLS_KEY_FILE', ca: 'TLS_CA_FILE' } as const;
