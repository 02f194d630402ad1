/** The routes of an app, for the question that its router does not answer: does this path know other methods? */
export class RouteTable {
  private readonly routes: { method: string; path: readonly string[] }[] = [];

  /** @param path a template such as `/orders/:id` */
  add(method: string, path: string): void {
    this.routes.push({ method, path: path.split('/') });
  }

  /** The methods that `url` knows, sorted; none when no route has this path. */
  methodsOf(url: string): string[] {
    const path = (url.split('?', 1)[0] ?? '').split('/');
    const matching = this.routes.filter((route) => matches(route.path, path));
    return [...new Set(matching.map((route) => route.method))].sort();
  }
}

function matches(template: readonly string[], path: readonly string[]): boolean {
  return (
    template.length === path.length &&
    template.every((part, i) => part === path[i] || (part.startsWith(':') && path[i] !== ''))
  );
}
