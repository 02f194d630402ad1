/** Does the same thing whenever it is asked to, one at a time: what is asked for meanwhile is done by one more. */
export class OneAtATime {
  private isUnderWay = false;
  private isAskedAgain = false;

  /** @param act never rejects */
  constructor(private readonly act: () => Promise<void>) {}

  ask(): void {
    this.isAskedAgain = this.isUnderWay;
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    void this.act().then(() => {
      this.isUnderWay = false;
      if (this.isAskedAgain) this.ask();
    });
  }
}
