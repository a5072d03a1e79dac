/**
 * The server's words as types, by the names of its description. What it sends may be newer than this
 * page: code must go on with names and kinds that it does not know, and take every number through
 * `finite`, since a strategy's number that is not finite travels as text.
 */
import type { components } from './api';

type Schemas = components['schemas'];

export type Maybe<T> = T | null | undefined;

export type Action = Schemas['Action'];
export type Alternative = Schemas['Alternative'];
export type Available = Schemas['Available'];
export type Backtest = Schemas['Backtest'];
export type BacktestLine = Schemas['BacktestLine'];
export type BilledSlot = Schemas['BilledSlot'];
export type BatteryState = Schemas['BatteryState'];
export type Battery = Schemas['Battery'];
export type Cause = Schemas['Cause'];
export type Command = Schemas['Command'];
export type DayScore = Schemas['DayScore'];
export type DeviceState = Schemas['DeviceState'];
export type Comparison = Schemas['Comparison'];
export type Doing = Schemas['Doing'];
export type EnergyPeriod = Schemas['EnergyPeriod'];
export type Examination = Schemas['Examination'];
export type Expectation = Schemas['Expectation'];
export type Fact = Schemas['Fact'];
export type Fault = Schemas['Fault'];
export type Grant = Schemas['Grant'];
export type Hand = Schemas['Hand'];
export type HomeState = Schemas['HomeState'];
export type LabState = Schemas['LabState'];
export type Link = Schemas['Link'];
export type Live = Schemas['Live'];
export type LogEntry = Schemas['LogEntry'];
export type Loss = Schemas['Loss'];
export type NewBacktest = Schemas['NewBacktest'];
export type LogLine = Schemas['LogLine'];
export type MadePassword = Schemas['MadePassword'];
export type MadeToken = Schemas['MadeToken'];
export type Note = Schemas['Note'];
export type Outcome = Schemas['Outcome'];
export type OutlookSlot = Schemas['OutlookSlot'];
export type PastSlot = Schemas['PastSlot'];
export type Plan = Schemas['Plan'];
export type Reading = Schemas['Reading'];
export type Reason = Schemas['Reason'];
export type RoleChange = Schemas['RoleChange'];
export type Scores = Schemas['Scores'];
export type SetupView = Schemas['SetupView'];
export type Shadow = Schemas['Shadow'];
export type SignedIn = Schemas['SignedIn'];
export type Slot = Schemas['Slot'];
export type SlotDecision = Schemas['SlotDecision'];
export type Snapshot = Schemas['Snapshot'];
export type StrategyDetail = Schemas['StrategyDetail'];
export type StrategyInfo = Schemas['StrategyInfo'];
export type StrategyRef = Schemas['StrategyRef'];
export type TargetSetup = Schemas['TargetSetup'];
export type Task = Schemas['Task'];
export type Tick = Schemas['Tick'];
export type TickSummary = Schemas['TickSummary'];
export type TokenInfo = Schemas['TokenInfo'];
export type Verdict = Schemas['Verdict'];
export type WhatIf = Schemas['WhatIf'];
