import 'reflect-metadata';
import { migrateApp } from '@orders/postgres';
import { dataSource, name } from './app.js';

await migrateApp(name, dataSource);
