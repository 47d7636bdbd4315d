import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { Clock, Random } from '@countersign/primitives';
import { Bus, CommandClient, FrameReader, FrameWriter, Publisher } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { CommandLog, Database, DatabaseClock } from '@countersign/store';
import { Logger, Metrics, Tracer } from '@countersign/telemetry';
import { ForgetCommands } from './forget-commands.js';
import type { HostParts } from './host-parts.js';
import { PeopleDirectory } from './people-directory.js';
import { PublicationParts } from './read-model-publication.js';
import { ReadModels } from './read-models.js';
import { Readiness } from './readiness.js';
import { ServiceConfig } from './service-definition.js';

/** Gives every class of a service what it stands on, by type. */
@Module({})
export class HostModule {
  /** A global module over the opened parts. */
  static of(parts: HostParts, values: Readonly<Record<string, unknown>>): DynamicModule {
    const given: readonly (readonly [unknown, unknown])[] = [
      [Logger, parts.logger],
      [Tracer, parts.telemetry.tracer],
      [Metrics, parts.telemetry.metrics],
      [TrustBundle, parts.bundle],
      [SigningKey, parts.key],
      [Random, parts.random],
      [Database, parts.database],
      [CommandLog, parts.commandLog],
      [DatabaseClock, parts.clock],
      [Clock, parts.clock],
      [Bus, parts.bus],
      [Publisher, parts.publisher],
      [FrameWriter, parts.frameWriter],
      [FrameReader, parts.frameReader],
      [CommandClient, parts.commands],
      [ReadModels, parts.models],
      [PeopleDirectory, parts.people],
      [Readiness, parts.readiness],
      [ServiceConfig, { values }],
    ];
    const providers = given.map(([provide, useValue]) => ({ provide: provide as Type, useValue }));
    return {
      module: HostModule,
      global: true,
      providers: [...providers, PublicationParts, ForgetCommands],
      exports: [...providers.map((p) => p.provide), PublicationParts],
    };
  }
}
