import { type DynamicModule, Module } from '@nestjs/common';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersRepository } from './orders/orders.repository.js';
import { OrdersService } from './orders/orders.service.js';

@Module({})
export class AppModule {
  static with(repository: OrdersRepository): DynamicModule {
    return {
      module: AppModule,
      controllers: [OrdersController],
      providers: [OrdersService, { provide: OrdersRepository, useValue: repository }],
    };
  }
}
