import { expect, it } from '@jest/globals';
import { RouteTable } from './route-table.js';

it('methodsOf a path lists the methods of every template that it matches', () => {
  const routes = new RouteTable();
  routes.add('GET', '/orders/:id');
  routes.add('HEAD', '/orders/:id');
  routes.add('POST', '/orders');
  routes.add('GET', '/orders');
  expect(routes.methodsOf('/orders?x=/y')).toEqual(['GET', 'POST']);
  expect(routes.methodsOf('/orders/7')).toEqual(['GET', 'HEAD']);
  for (const path of ['/', '/order', '/orders/', '/orders/7/x', '*', ''])
    expect(routes.methodsOf(path)).toEqual([]);
});
