import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ShipmentsController } from './shipments/shipments.controller.js';
import { ShipmentsRepository } from './shipments/shipments.repository.js';

@Module({})
export class AppModule {
  static with(database: DataSource): DynamicModule {
    return {
      module: AppModule,
      controllers: [ShipmentsController],
      providers: [ShipmentsRepository, { provide: DataSource, useValue: database }],
    };
  }
}
