import { Controller, Get, Inject, Res } from '@nestjs/common';
import { RequireScope } from '@orders/tokens';
import type { FastifyReply } from 'fastify';
import { sendEvents } from '../event-stream.js';
import { LiveFlow } from '../flow/live-flow.js';
import type { Flow } from '../flow/flow.js';
import { STOPPED } from '../stopped.js';
import { type SystemMap, systemMap } from './system-map.js';

@Controller('api')
export class SystemController {
  constructor(
    private readonly flow: LiveFlow,
    @Inject(STOPPED) private readonly stopped: AbortSignal,
  ) {}

  @Get('map')
  @RequireScope('ops:read')
  map(): SystemMap {
    return systemMap();
  }

  @Get('flow')
  @RequireScope('ops:read')
  now(): Promise<Flow> {
    return this.flow.now();
  }

  @Get('flow/events')
  @RequireScope('ops:read')
  events(@Res() reply: FastifyReply): void {
    sendEvents(reply, this.stopped, (signal) => this.flow.watch(signal));
  }
}
