"""What web and worker may do with each table and function: everything that is not here is closed to both.

The words are SQL's own, as they stand in a GRANT. The owner of the schema, who migrates it, may everything. A new table
or function needs a line here, and a test says so.
"""

from collections.abc import Mapping
from enum import StrEnum


class Process(StrEnum):
    WEB = "web"  # pages, and the commands that are given beside it
    WORKER = "worker"  # drafts, letters, webhooks, times, cleaning up


NOTHING = ""
READ = "SELECT"
ADD = "SELECT, INSERT"
ADD_AND_REMOVE = "SELECT, INSERT, DELETE"
CHANGE = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"
CLEAR = "SELECT, DELETE"  # what grew old

# An event's number, time and transaction are the database's to say: nobody writes one into the past.
LOG = "SELECT, INSERT (actor_id, action, object_type, object_id, before, after, note, source, address, request_id)"
# Who somebody is, without what lets them in.
PERSON = (
    "SELECT (id, email, name, organization, role, status, status_reason, note, decided_by_id, decided_at, time_zone, "
    "seen_time_zone, confirmed_at, away, created_at)"
)
# That a letter is there and how it fares, without its words: they hold links that let in.
LETTER = "SELECT (id, created_at, recipient, subject, state, sent_at, reason)"
WRITE_LETTER = "INSERT (recipient, subject, body, html, unsubscribe, state, sent_at, reason)"
# Which revision an edition is stays as it was set.
EDITION = (
    "UPDATE (state, live_at, public_at, responsible_id, signed_at, statement_id, emergency, confirmed_by_id, "
    "confirmed_at, label, retraction, ended_at)"
)
# What the model was asked and what it wrote is the worker's; web queues, stops and hands over.
DRAFT = "UPDATE (state, reason, job_id, waiting_since, finished_at)"
WRITE_DRAFT = (
    "UPDATE (attempt, engine, failures, finished_at, keep, model_sha256, output_tokens, prompt_tokens, read_from_char, "
    "reason, sampling, score, started_at, state, template, text, token_logprobs, tokens_target, tokens_written, "
    "trimmed, truncate, waiting_since)"
)
QUEUE_A_JOB = "INSERT (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)"


def _may(*, web: str, worker: str) -> Mapping[Process, str]:
    return {Process.WEB: web, Process.WORKER: worker}


TABLES: Mapping[str, Mapping[Process, str]] = {
    "alembic_version": _may(web=READ, worker=NOTHING),  # is the schema the one that the code knows?
    # The log
    "audit_events": _may(web=LOG, worker=LOG),
    "audit_seals": _may(web=READ, worker=READ),
    "audit_chain": _may(web=READ, worker=READ),
    # People
    "users": _may(web=CHANGE, worker=PERSON),
    "invitations": _may(web=CHANGE, worker=NOTHING),
    "login_sessions": _may(web=ALL, worker="DELETE, SELECT (ends_at, seen_at, idle_seconds)"),
    "passkeys": _may(web=ALL, worker=NOTHING),
    "recovery_codes": _may(web=ALL, worker=NOTHING),
    "request_counts": _may(web=ALL, worker=CLEAR),
    # Letters and notices
    "mails": _may(web=f"{LETTER}, {WRITE_LETTER}, UPDATE (state, reason)", worker=CHANGE),
    "notices": _may(web=CHANGE, worker=ALL),
    "notification_choices": _may(web=CHANGE, worker=READ),
    "digests": _may(web=CHANGE, worker=CHANGE),
    # Documents. What is deleted here is deleted with its document, after its record was kept.
    "documents": _may(web=ALL, worker="SELECT, UPDATE"),
    "revisions": _may(web=ADD_AND_REMOVE, worker=ADD),
    "kept_records": _may(web=ADD, worker=NOTHING),
    "document_search": _may(web=CHANGE, worker=CHANGE),  # by the trigger on revisions
    "attributions": _may(web=ADD_AND_REMOVE, worker=ADD),
    "acceptances": _may(web=ALL, worker=READ),
    "efforts": _may(web=ADD_AND_REMOVE, worker=NOTHING),
    "unsent_texts": _may(web=ALL, worker=CLEAR),
    "presences": _may(web=ALL, worker=CLEAR),
    "last_seen": _may(web=ALL, worker=NOTHING),
    "time_at_work": _may(web=ALL, worker=NOTHING),
    "suggestions": _may(web=ALL, worker="SELECT, UPDATE"),
    "comment_threads": _may(web=ALL, worker="SELECT, UPDATE"),
    "comments": _may(web=ALL, worker=READ),
    "comment_mentions": _may(web=ADD_AND_REMOVE, worker=NOTHING),
    "paragraph_reviews": _may(web=ALL, worker=READ),
    "check_waivers": _may(web=ALL, worker=NOTHING),
    "change_decisions": _may(web=ALL, worker=READ),
    "review_statements": _may(web=ADD_AND_REMOVE, worker=READ),
    "sign_links": _may(
        web=ALL, worker="INSERT, SELECT (id, document_id, created_at, used_at, expires_at), UPDATE (expires_at)"
    ),
    "editions": _may(web=f"SELECT, INSERT, DELETE, {EDITION}", worker=f"SELECT, INSERT, {EDITION}"),
    "public_pages": _may(web=ADD_AND_REMOVE, worker=READ),
    # Asking for documents
    "attachments": _may(web=ALL, worker=NOTHING),
    "brief_batches": _may(web=ALL, worker=CLEAR),
    "brief_templates": _may(web=CHANGE, worker=CLEAR),
    "unfinished_briefs": _may(web=ALL, worker=CLEAR),
    # Lists
    "bulk_acts": _may(web=ALL, worker=NOTHING),
    "bulk_items": _may(web=ALL, worker=NOTHING),
    "saved_views": _may(web=ALL, worker=NOTHING),
    # What the desk is set to
    "check_modes": _may(web=CHANGE, worker=READ),
    "house_style": _may(web=CHANGE, worker=NOTHING),
    "house_words": _may(web=ADD_AND_REMOVE, worker=NOTHING),
    "routing_rules": _may(web=CHANGE, worker=READ),
    "reminders": _may(web=ALL, worker=ALL),
    "chosen_model": _may(web=CHANGE, worker=CHANGE),  # `copydesk models use` is given beside the worker
    # Webhooks
    "webhooks": _may(web=ALL, worker="SELECT, UPDATE (is_on, switched_off_at, off_reason, failing_since)"),
    "webhook_deliveries": _may(web=CHANGE, worker=ALL),
    "webhook_attempts": _may(web=READ, worker=ADD),
    # Drafts and the queue
    "autodocs": _may(web=f"SELECT, INSERT, DELETE, {DRAFT}", worker=f"SELECT, {WRITE_DRAFT}"),
    "replays": _may(web=ALL, worker=CHANGE),
    "desk_switches": _may(web=ADD_AND_REMOVE, worker=READ),
    "queue_lanes": _may(web="SELECT, UPDATE (virtual_time)", worker="SELECT, UPDATE (virtual_time)"),
    "queue_turns": _may(web=ALL, worker=ALL),
    "worker_notes": _may(web=READ, worker=ADD_AND_REMOVE),
    "takeovers": _may(web=READ, worker=ALL),
    # Procrastinate's own: web queues jobs and takes them out again before anybody began; the worker does them.
    "procrastinate_jobs": _may(web=f"SELECT, DELETE, {QUEUE_A_JOB}", worker=f"SELECT, UPDATE, DELETE, {QUEUE_A_JOB}"),
    "procrastinate_events": _may(web="SELECT, INSERT (job_id, type, at)", worker="SELECT, INSERT (job_id, type, at)"),
    "procrastinate_workers": _may(web=READ, worker=ALL),
    "procrastinate_periodic_defers": _may(
        web="SELECT (job_id), UPDATE (job_id)", worker="SELECT (job_id), UPDATE (job_id)"
    ),  # a trigger looks here for each job that goes; the desk's own periodic work is not Procrastinate's
}

BOTH = frozenset(Process)
WEB, WORKER = frozenset({Process.WEB}), frozenset({Process.WORKER})
NOBODY: frozenset[Process] = frozenset()  # what a trigger calls needs no right

FUNCTIONS: Mapping[str, frozenset[Process]] = {
    "seal_audit_events": BOTH,  # runs with its owner's rights
    "audit_link": NOBODY,
    "copydesk_refuse_change": NOBODY,
    "copydesk_keep_statement": NOBODY,
    "copydesk_plain": BOTH,
    "copydesk_words": BOTH,
    "copydesk_index_document": BOTH,
    "copydesk_index_revision": NOBODY,
    "procrastinate_defer_jobs_v1": BOTH,
    "procrastinate_defer_periodic_job_v2": NOBODY,
    "procrastinate_fetch_job_v2": WORKER,
    "procrastinate_finish_job_v1": WORKER,
    "procrastinate_cancel_job_v1": NOBODY,
    "procrastinate_retry_job_v1": NOBODY,
    "procrastinate_retry_job_v2": WORKER,
    "procrastinate_register_worker_v1": WORKER,
    "procrastinate_unregister_worker_v1": WORKER,
    "procrastinate_update_heartbeat_v1": WORKER,
    "procrastinate_prune_stalled_workers_v1": WORKER,
    "procrastinate_notify_queue_job_inserted_v1": NOBODY,
    "procrastinate_notify_queue_abort_job_v1": NOBODY,
    "procrastinate_trigger_function_status_events_insert_v1": NOBODY,
    "procrastinate_trigger_function_status_events_update_v1": NOBODY,
    "procrastinate_trigger_function_scheduled_events_v1": NOBODY,
    "procrastinate_trigger_abort_requested_events_procedure_v1": NOBODY,
    "procrastinate_unlink_periodic_defers_v1": NOBODY,
}
