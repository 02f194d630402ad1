/** Runs an action on request, one run at a time. All requests during a run are answered by one more run after it. */
export class OneAtATime {
  private isRunning = false;
  private isRequestedAgain = false;

  /** @param action never rejects */
  constructor(private readonly action: () => Promise<void>) {}

  request(): void {
    this.isRequestedAgain = this.isRunning;
    if (this.isRunning) return;
    this.isRunning = true;
    void this.action().then(() => {
      this.isRunning = false;
      if (this.isRequestedAgain) this.request();
    });
  }
}
