"""Apply the example company's definitions; what is in force already is left alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from automation.definitions.saved import DefinitionSaved
from automation.definitions.validation import check
from services.cli.definitions.files import read_files
from services.cli.definitions.plan import records, steps
from services.cli.definitions.store import DefinitionStore, SavingError, open_store
from services.cli.edge import remember_definitions
from services.edge.clock import SystemClock
from services.edge.holidays import with_holidays
from services.edge.kafka import KafkaSettings
from services.edge.topics import Topics

COMPANY = Path(__file__).parents[3] / "examples" / "company"


class CompanyError(Exception):
    """The definitions cannot be applied; each line says where and why."""


async def apply_company(folder: Path, tenant: str, kafka: KafkaSettings, topics: Topics) -> tuple[int, int]:
    """Apply a folder of definitions; return how many changed and the version in force. Raises CompanyError."""
    files = read_files([folder])
    async with open_store(kafka, topics, writing=True) as store:
        view = store.view(tenant)
        wanted = with_holidays(files.definitions, SystemClock().now())
        checked = check(view.catalogue, tenant, view.current, wanted, view.drafts)
        wrong = [fault.text for fault in files.faults + files.faults_of(checked) if fault.flaw.severity == "error"]
        if wrong:
            raise CompanyError("\n".join(wrong))
        planned = steps(view, checked.definitions)
        if planned:
            await _save(store, records(tenant, planned, "demo", SystemClock().now(), uuid.uuid4().hex))
        remember_definitions(topics.prefix, store.version)
        return len(planned), store.version


async def _save(store: DefinitionStore, saved: Sequence[DefinitionSaved]) -> None:
    try:
        await store.save(saved)
    except SavingError as problem:
        raise CompanyError(str(problem)) from problem
