"""The tables of `notifier`: the ledger, inboxes, receipts, counts of the day, what recording channels kept."""

from __future__ import annotations

LEDGER = (
    """CREATE TABLE IF NOT EXISTS ledger (
        tenant TEXT NOT NULL,
        effect_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        item_key TEXT NOT NULL,
        run_id TEXT NOT NULL,
        payload BLOB NOT NULL,
        state TEXT NOT NULL,
        tries BIGINT NOT NULL,
        next_due BIGINT NOT NULL,
        lease_owner TEXT NOT NULL,
        lease_until BIGINT NOT NULL,
        provider_id TEXT NOT NULL,
        status TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        results TEXT NOT NULL,
        cause_id TEXT NOT NULL,
        root_id TEXT NOT NULL,
        depth BIGINT NOT NULL,
        outcome TEXT NOT NULL,
        outcome_due BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (tenant, effect_id))""",
    "CREATE INDEX IF NOT EXISTS ledger_due ON ledger (channel, next_due) WHERE state = 'queued'",
    "CREATE INDEX IF NOT EXISTS ledger_leased ON ledger (channel, lease_until) WHERE state = 'sending'",
    "CREATE INDEX IF NOT EXISTS ledger_outcome ON ledger (outcome_due) WHERE outcome = 'pending'",
    "CREATE INDEX IF NOT EXISTS ledger_done ON ledger (updated_at) WHERE outcome = 'sent'",
    "CREATE INDEX IF NOT EXISTS ledger_newest ON ledger (tenant, created_at DESC, effect_id DESC)",
    "CREATE INDEX IF NOT EXISTS ledger_item ON ledger (tenant, item_key, created_at)",
)

INBOX = (
    """CREATE TABLE IF NOT EXISTS notifications (
        tenant TEXT NOT NULL,
        effect_id TEXT NOT NULL,
        recipient TEXT NOT NULL,
        sender TEXT NOT NULL,
        text TEXT NOT NULL,
        link TEXT NOT NULL,
        item_key TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        read_at BIGINT NOT NULL,
        PRIMARY KEY (tenant, effect_id))""",
    """CREATE INDEX IF NOT EXISTS notifications_inbox
        ON notifications (tenant, recipient, created_at DESC, effect_id DESC)""",
)

RECORDED = (
    """CREATE TABLE IF NOT EXISTS recorded_messages (
        tenant TEXT NOT NULL,
        effect_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        item_key TEXT NOT NULL,
        recipient TEXT NOT NULL,
        sender TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (tenant, effect_id))""",
    "CREATE INDEX IF NOT EXISTS recorded_item ON recorded_messages (tenant, item_key, created_at)",
)

RECEIPTS = (
    """CREATE TABLE IF NOT EXISTS receipts (
        tenant TEXT NOT NULL,
        effect_id TEXT NOT NULL,
        fate TEXT NOT NULL,
        detail TEXT NOT NULL,
        received_at BIGINT NOT NULL,
        reported BIGINT NOT NULL,
        PRIMARY KEY (tenant, effect_id))""",
    "CREATE INDEX IF NOT EXISTS receipts_pending ON receipts (received_at) WHERE reported = 0",
)

QUOTA = (
    """CREATE TABLE IF NOT EXISTS quota_days (
        tenant TEXT NOT NULL,
        channel TEXT NOT NULL,
        day TEXT NOT NULL,
        used BIGINT NOT NULL,
        PRIMARY KEY (tenant, channel, day))""",
    """CREATE TABLE IF NOT EXISTS quota_messages (
        tenant TEXT NOT NULL,
        effect_id TEXT NOT NULL,
        day TEXT NOT NULL,
        PRIMARY KEY (tenant, effect_id))""",
)

TRACES = (
    """CREATE TABLE IF NOT EXISTS traces (
        tenant TEXT NOT NULL,
        effect_id TEXT NOT NULL,
        trace TEXT NOT NULL,
        PRIMARY KEY (tenant, effect_id))""",
)
"""Traces that came in with a change: few effects have one, the others are in the trace of their root."""

ALL = (*TRACES, *LEDGER, *INBOX, *RECORDED, *RECEIPTS, *QUOTA)
