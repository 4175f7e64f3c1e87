// Who is at the desk.

import { get, onSignedOut, post, remove } from '../api/http';

class Session {
  /** `undefined` until the watch has answered. */
  account = $state<string | null | undefined>(undefined);

  async look() {
    onSignedOut(() => {
      this.account = null;
    });
    this.account = (await get<{ account: string | null }>('/api/session')).account;
  }

  async signIn(account: string, password: string) {
    this.account = (await post<{ account: string }>('/api/session', { account, password })).account;
  }

  async signOut() {
    await remove('/api/session');
    this.account = null;
  }
}

export const session = new Session();
