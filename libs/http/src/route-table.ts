/** The routes of an app. Unlike the router, it can tell which methods a path supports. */
export class RouteTable {
  private readonly routes: { method: string; path: readonly string[] }[] = [];

  /** @param path a template such as `/orders/:id` */
  add(method: string, path: string): void {
    this.routes.push({ method, path: path.split('/') });
  }

  /** The methods that the path of `url` supports, sorted; empty when no route has this path. */
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
