/** Who uses the page. Without accounts, as on the machine itself, everyone is the owner. */

export interface User {
  name: string;
  role: string;
}

class Session {
  /** Whether the daemon asks for a name and a password before anything else. */
  demanded = $state(false);
  user = $state.raw<User | null>(null);
  /** Says with each change that it is meant: another site's page cannot know it. */
  word = '1';

  /** Whether this user may change strategies. */
  readonly mayManage = $derived(!this.demanded && (this.user === null || this.user.role === 'owner'));
  /** Whether there are users, and this one may change who they are. */
  readonly mayGovern = $derived(!this.demanded && this.user?.role === 'owner');
  readonly mayCommand = $derived(!this.demanded && (this.user === null || this.user.role !== 'viewer'));

  entered(user: User, word: string): void {
    this.user = user;
    this.word = word;
    this.demanded = false;
  }

  lost(): void {
    this.user = null;
    this.word = '1';
    this.demanded = true;
  }
}

export const session = new Session();
