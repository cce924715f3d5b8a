// What the commands do. Each returns an exit code; errors are thrown.
#pragma once

namespace jaunt::cli {

class Invocation;

int run_describe(const Invocation& invocation);
int run_plan(const Invocation& invocation);
int run_node_init(const Invocation& invocation);
int run_node_show(const Invocation& invocation);
int run_node_invite(const Invocation& invocation);
int run_node_pair(const Invocation& invocation);
int run_node_list(const Invocation& invocation);
int run_node_remove(const Invocation& invocation);
int run_node_grant(const Invocation& invocation);
int run_node_revoke(const Invocation& invocation);
int run_serve(const Invocation& invocation);
int run_daemon(const Invocation& invocation);
int run_teleport(const Invocation& invocation);
int run_job_list(const Invocation& invocation);
int run_job_show(const Invocation& invocation);
int run_job_resume(const Invocation& invocation);
int run_job_cancel(const Invocation& invocation);
int run_job_verify(const Invocation& invocation);
int run_doctor(const Invocation& invocation);
int run_catalog_add(const Invocation& invocation);
int run_catalog_own(const Invocation& invocation);
int run_catalog_list(const Invocation& invocation);
int run_catalog_remove(const Invocation& invocation);
int run_catalog_rescan(const Invocation& invocation);
int run_config_check(const Invocation& invocation);
int run_config_show(const Invocation& invocation);
int run_store_stats(const Invocation& invocation);
int run_store_verify(const Invocation& invocation);
int run_store_gc(const Invocation& invocation);
int run_store_forget(const Invocation& invocation);
int run_completions(const Invocation& invocation);
int run_version(const Invocation& invocation);

}  // namespace jaunt::cli
