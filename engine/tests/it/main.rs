//! Whole plans on a paused clock, and every formula against figures it must give.

mod curves;
mod doomed;
mod ends;
mod exits;
mod gates;
mod loads;
mod merging;
mod plans;
mod recording;
mod slopes;
mod stage;
mod statistics;
mod verdicts;
mod visiting;
mod waiting;
mod working;
