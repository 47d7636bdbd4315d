import { Module } from '@nestjs/common';
import { BudgetCommands } from './adapters/in/budget-commands.controller.js';
import { BudgetScopes } from './adapters/in/budget-scopes.js';
import { OwnerCommands } from './adapters/in/owner-commands.controller.js';
import { PriceCommands } from './adapters/in/price-commands.controller.js';
import { ReservationRequests } from './adapters/in/reservation-requests.js';
import { ReserveWhenTasksSubmitted } from './adapters/in/reserve-when-tasks-submitted.consumer.js';
import { SettleWhenTasksFinish } from './adapters/in/settle-when-tasks-finish.consumer.js';
import { SweepExpiredHolds } from './adapters/in/sweep-expired-holds.timer.js';
import { BudgetReports } from './adapters/out/budget.reports.js';
import { CalendarStore } from './adapters/out/calendar.store.js';
import { LedgerStore } from './adapters/out/ledger.store.js';
import { PriceBookPublisher } from './adapters/out/price-book.publisher.js';
import { PriceBookStore } from './adapters/out/price-book.store.js';

/** The wiring of budget. */
@Module({
  controllers: [ReserveWhenTasksSubmitted, SettleWhenTasksFinish, BudgetCommands, OwnerCommands, PriceCommands],
  providers: [
    BudgetScopes,
    ReservationRequests,
    CalendarStore,
    LedgerStore,
    BudgetReports,
    PriceBookStore,
    PriceBookPublisher,
    SweepExpiredHolds,
  ],
})
export class BudgetModule {}
