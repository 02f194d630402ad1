import 'reflect-metadata';
import { migrateApp } from '@orders/postgres';
import { dataSource, name, roles } from './app.js';

await migrateApp({ name, dataSource, roles });
