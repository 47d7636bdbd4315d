import { Module } from '@nestjs/common';
import { JudgeWhenTasksSubmitted } from './adapters/in/judge-when-tasks-submitted.consumer.js';
import { PolicyCommands } from './adapters/in/policy-commands.controller.js';
import { PolicyPublisher } from './adapters/out/policy.publisher.js';
import { PolicyStore } from './adapters/out/policy.store.js';

/** The wiring of policy. */
@Module({ controllers: [JudgeWhenTasksSubmitted, PolicyCommands], providers: [PolicyStore, PolicyPublisher] })
export class PolicyModule {}
