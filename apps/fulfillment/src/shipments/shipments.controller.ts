import { Controller, Get, Param } from '@nestjs/common';
import { DomainError, parseOrderId } from '@orders/contracts';
import { type ShipmentEntity, ShipmentsRepository } from './shipments.repository.js';

/** For other services and for operators; never exposed to the internet. */
@Controller('shipments')
export class ShipmentsController {
  constructor(private readonly shipments: ShipmentsRepository) {}

  @Get(':orderId')
  async get(@Param('orderId') text: string): Promise<ShipmentEntity> {
    const orderId = parseOrderId(text);
    const shipment = orderId === undefined ? undefined : await this.shipments.find(orderId);
    if (!shipment) throw new DomainError('not-found', 'no shipment is planned for this order');
    return shipment;
  }
}
