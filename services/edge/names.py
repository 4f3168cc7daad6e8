"""Every name under which the services log and count: a closed list, so that alarms and dashboards can rely on it."""

from __future__ import annotations

from typing import Final

# --- log events -----------------------------------------------------------------------------------------------------

LOG_PROCESS_ENDS: Final = "process_ends"  # the worker ends itself at once: fencing, a doubtful commit, a lost position
LOG_STARTED: Final = "started"  # a service runs
LOG_LIBRARY: Final = "library"  # a warning of a library, at most ten a second
LOG_STOPPED: Final = "stopped"  # a service stopped in order
LOG_ASSIGNED: Final = "partitions_assigned"  # a rebalance gave this worker partitions
LOG_REVOKED: Final = "partitions_revoked"  # a rebalance takes partitions away
LOG_RESTORED: Final = "partition_restored"  # a partition's state is complete: from where, how many items and events
LOG_STORE_DISCARDED: Final = "local_store_discarded"  # a local store was of another fold, cluster, topic or future
LOG_POSITION_RECOVERED: Final = "position_recovered"  # the committed offset was missing; taken from log and markers
LOG_PARKED: Final = "record_parked"  # a change went to dead letters
LOG_ITEM_SET_ASIDE: Final = "item_set_aside"  # an event of an item cannot be folded; its changes go to dead letters
LOG_TIMER_STUCK: Final = "timer_stuck"  # a timer failed or stayed open after it fired; it is not fired again
LOG_SCHEMA_AWAITED: Final = "schema_awaited"  # the schema registry did not answer for an id; it is asked again
LOG_SWEPT: Final = "snapshots_swept"  # a sweep is complete and its floor marker written

# --- metrics of the transactional loop --------------------------------------------------------------------------------

CHANGES: Final = "stagewire_changes_total"  # changes decided, by partition
EVENTS: Final = "stagewire_events_total"  # events appended to the log, by partition
TIMERS_FIRED: Final = "stagewire_timers_fired_total"  # timers fired, by partition
REPEATS: Final = "stagewire_repeats_total"  # changes that were repeats and left nothing, by partition
FORWARDED: Final = "stagewire_forwarded_total"  # changes forwarded from a wrong partition, by partition
PARKED: Final = "stagewire_parked_total"  # changes sent to dead letters, by partition and reason
ITEMS_ASIDE: Final = "stagewire_items_aside"  # items set aside because they cannot be folded; alarm above 0
TRANSACTIONS: Final = "stagewire_transactions_total"  # transactions committed, by partition
TRANSACTION_SECONDS: Final = "stagewire_transaction_seconds"  # from begin to committed
DECIDE_SECONDS: Final = "stagewire_decide_seconds"  # time spent deciding a batch
LAG_SECONDS: Final = "stagewire_lag_seconds"  # age of the oldest change not committed, by partition
QUEUED: Final = "stagewire_queued_records"  # fetched and not decided, by partition
PARTITIONS: Final = "stagewire_partitions"  # partitions by status: assigned, restored
RESTORE_SECONDS: Final = "stagewire_restore_seconds"  # from fenced to restored
SNAPSHOTS: Final = "stagewire_snapshots_total"  # snapshots written
FLOOR: Final = "stagewire_snapshot_floor"  # log offset that a restore from snapshots folds from, by partition

# --- notifier -------------------------------------------------------------------------------------------------------

LOG_EFFECT_ATTEMPTED: Final = "effect_attempted"  # a call ended: channel, attempt, what became of its row
LOG_LATE_ANSWER: Final = "late_answer"  # calls ended after their lease was given up; nothing was written for them
LOG_CHANNEL_DEFECT: Final = "channel_defect"  # a channel raised what it should not; the effect's fate is unknown
LOG_EFFECTS_OVERTAKEN: Final = "effects_overtaken"  # another process had copied the same records
LOG_KAFKA_UNAVAILABLE: Final = "kafka_unavailable"  # a part of the service waits for Kafka
EFFECTS_COPIED: Final = "stagewire_notifier_effects_total"  # effects copied into the ledger
ATTEMPTS: Final = "stagewire_notifier_attempts_total"  # calls ended, by channel and what became of the row
LATE_ANSWERS: Final = "stagewire_notifier_late_answers_total"  # calls that ended after their lease, by channel
OUTCOMES: Final = "stagewire_notifier_outcomes_total"  # outcomes reported to items, by status
SEND_SECONDS: Final = "stagewire_notifier_send_seconds"  # how long calls take, by channel
WAITING: Final = "stagewire_notifier_waiting_effects"  # rows that wait for a call, by channel
OLDEST_DUE_SECONDS: Final = "stagewire_notifier_oldest_due_seconds"  # wait of the oldest due row, by channel
