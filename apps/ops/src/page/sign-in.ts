import { UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { SignIn } from '../sign-in.routes.js';

const STORED = 'ops.token';

/** Where the token of whoever looks at the page comes from. */
export interface Session {
  /** A token that is valid now; undefined when there is none. */
  token(): Promise<string | undefined>;
  /** Sends the person to the issuer; undefined when the page itself asks for a token. */
  signIn: (() => Promise<void>) | undefined;
  /** Takes a token that was typed in. */
  use(token: string): void;
  /** Forgets the token, for example when it was refused. */
  forget(): void;
}

export async function openSession({ client }: SignIn): Promise<Session> {
  return client ? signedInSession(client) : tokenSession();
}

/** The token of `npm start` is in the fragment, which goes to no server. It is kept for this tab alone. */
function tokenSession(): Session {
  const [, given] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (given !== undefined) {
    sessionStorage.setItem(STORED, given);
    history.replaceState(null, '', location.pathname);
  }
  return {
    token: async () => sessionStorage.getItem(STORED) ?? undefined,
    signIn: undefined,
    use: (token) => sessionStorage.setItem(STORED, token),
    forget: () => sessionStorage.removeItem(STORED),
  };
}

/** Authorization code with PKCE; refresh tokens renew the access token, where the issuer gives them. */
async function signedInSession({
  authority,
  clientId,
  scope,
}: NonNullable<SignIn['client']>): Promise<Session> {
  const manager = new UserManager({
    authority,
    client_id: clientId,
    redirect_uri: `${location.origin}/`,
    response_type: 'code',
    scope,
    automaticSilentRenew: true,
    userStore: new WebStorageStateStore({ store: sessionStorage }),
  });
  if (new URLSearchParams(location.search).has('state')) {
    await manager.signinCallback();
    history.replaceState(null, '', location.pathname);
  }
  return {
    token: async () => {
      const user = await manager.getUser();
      return user && !user.expired ? user.access_token : undefined;
    },
    signIn: () => manager.signinRedirect(),
    use: () => undefined,
    forget: () => void manager.removeUser(),
  };
}
