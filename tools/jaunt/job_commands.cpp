#include "job_commands.hpp"

#include "handlers.hpp"

namespace jaunt::cli {

namespace {

Option here_option() {
  return {.name = "--here", .value = "", .meaning = "do it in this process, even where a daemon runs"};
}

Option detach_option() {
  return {.name = "--detach",
          .value = "",
          .meaning = "hand it to the daemon, print the job's id, and return; it is tried again until it succeeds"};
}

}  // namespace

std::vector<Command> job_commands() {
  return {
      {.name = "teleport",
       .summary = "Make the disks of a VM or an image exist here",
       .description =
           {"Plans like jaunt plan, or takes a plan that is kept, and carries it out: what is here is copied, or "
            "referred to where the filesystem can do that, the rest comes from the node that has the machine. Every "
            "byte of the target is read back and compared with the source's block tree. Only then does it appear, "
            "whole, "
            "under its name. It is catalogued, so that the next one of its kind costs less.",
            "A VM that runs is read as of one instant through libvirt's backup, frozen by its guest agent where "
            "there is one.",
            "Whatever interrupts it, what was placed stays, in a hidden file beside the target: jaunt job resume "
            "goes "
            "on, jaunt job cancel gives it up. The source is only read.",
            "Where a daemon runs in this home, it does the work, several machines at once, and the command line "
            "follows: Ctrl-C stops the job so that it can be resumed; a terminal that goes away does not. Without "
            "one, machines come one after another. The exit code is 3 where only some of them came.",
            "With --push this node dials, and has the machines: for a source that the other one cannot reach. That "
            "node carries the teleport out over the same link and says how it goes; its job waits for the same "
            "command when it is interrupted. It must have granted receive to this one, and its configuration names "
            "the folders (receive.folders), and whether domains are defined and started (receive.define, "
            "receive.start).",
            "Space that a clean filesystem calls free reads as zeros in the target, unless --bit-exact is given.",
            "A thin target needs its base from then on: who changes or removes that, spoils it. jaunt doctor looks "
            "after "
            "all of them."},
       .argument = {.name = "VM|IMAGE@NODE",
                    .meaning = "a libvirt domain, an image or a volume, and the node that has it: a "
                               "paired one, or home:DIR for another home on this machine; one without a node has "
                               "that of the next",
                    .repeats = true,
                    .required = false,
                    .completion = Completion::machine},
       .options = {{.name = "--to",
                    .value = "PATH",
                    .meaning = "the file to make, or an existing folder for the files of all disks",
                    .completion = Completion::file},
                   {.name = "--to-format",
                    .value = "FORMAT",
                    .meaning = "of that file; by default qcow2 where its name ends so, else raw",
                    .choices = {"raw", "qcow2"},
                    .completion = Completion::choice},
                   {.name = "--flat", .value = "", .meaning = "targets that stand on nothing; the default"},
                   {.name = "--thin",
                    .value = "",
                    .meaning = "qcow2 targets that hold only what their base does not, on bases that jaunt owns "
                               "(jaunt catalog own) or copies by reference where the filesystem can do that"},
                   {.name = "--thin-on-layer",
                    .value = "",
                    .meaning =
                        "the same, also on other files here that no domain writes to; they are made read-only"},
                   {.name = "--as", .value = "NAME", .meaning = "the name of the domain here"},
                   {.name = "--start", .value = "", .meaning = "start it once it is defined"},
                   {.name = "--no-define", .value = "", .meaning = "bring the disks alone"},
                   {.name = "--same-machine",
                    .value = "",
                    .meaning = "keep UUID and MAC addresses, for a machine that will not run at its source again"},
                   {.name = "--push",
                    .value = "NODE",
                    .meaning = "bring machines of this node there; --to is a path there, and by default its folder"},
                   {.name = "--media",
                    .value = "WHAT",
                    .meaning =
                        "what lies in CD-ROM drives, and seeds: leave (the default) or carry, beside the disks",
                    .choices = {"carry", "leave"},
                    .completion = Completion::choice},
                   {.name = "--plan", .value = "ID", .meaning = "carry out this plan instead of making one"},
                   {.name = "--no-packages", .value = "", .meaning = "fetch nothing from package mirrors"},
                   {.name = "--bit-exact", .value = "", .meaning = "carry free space, too"},
                   {.name = "--rate",
                    .value = "RATE",
                    .meaning = "the speed of the link, by which it is compressed: 100Mbit, 12MB; measured otherwise"},
                   {.name = "--limit",
                    .value = "RATE",
                    .meaning = "never faster than this in either direction, also when the job is resumed"},
                   {.name = "--realm", .value = "NAME", .meaning = "of the images and blocks here that are used"},
                   {.name = "--format",
                    .value = "FORMAT",
                    .meaning = "the format of the source's image, where its name does not tell it",
                    .choices = {"raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vhdx", "vpc"},
                    .completion = Completion::choice},
                   detach_option(),
                   here_option()},
       .examples = {{"jaunt teleport web1@storage --to /var/lib/libvirt/images", "all disks of a domain"},
                    {"jaunt teleport --to web1.qcow2 /srv/web1.qcow2@home:/srv/b", "one image"},
                    {"jaunt teleport --thin --to /srv web1@storage", "what the base has is referred to, not copied"},
                    {"jaunt teleport --limit 20Mbit --to /srv web1@storage", "by day, over a link that others need"},
                    {"jaunt teleport --detach web1 web2@storage", "both at once, by the daemon"},
                    {"jaunt teleport --push office --to /srv/images web1", "from here, where nobody can dial in"},
                    {"jaunt teleport --plan 20261121-121500-3fa1 --to /srv/web1.raw", "as it was planned"},
                    {"jaunt teleport --json --to /srv web1@home:/srv/b | tail -1 | jq '.bytes_by_source'",
                     "for scripts"}},
       .handler = run_teleport},
      {.name = "job list",
       .summary = "Show the jobs of this home",
       .description =
           {"Those that run, those that were interrupted and can be resumed, and those that were killed and "
            "wait to be cleaned up. Of those that are over, the last 500 teleports are remembered."},
       .options = {{.name = "--all", .value = "", .meaning = "those that are over as well"}},
       .examples = {{"jaunt job list", "one line for each"},
                    {"jaunt job list --all --json | jq -r 'select(.state == \"failed\") | .id'", "what went wrong"}},
       .handler = run_job_list},
      {.name = "job show",
       .summary = "Show what a job does, and what it has done",
       .description = {"Its journal, in words, also of a teleport that is over."},
       .argument = {.name = "ID", .meaning = "as jaunt job list shows it"},
       .options = {{.name = "--receipt",
                    .value = "",
                    .meaning = "print the receipt of a teleport that is done: two lines of JSON, which jaunt job "
                               "verify checks, also on another node"}},
       .examples = {{"jaunt job show 20261121-121500-3fa1", "one line for each step"},
                    {"jaunt job show --receipt 20261121-121500-3fa1 > web1.receipt", "for somebody else"}},
       .handler = run_job_show},
      {.name = "job resume",
       .summary = "Go on with a job that was interrupted",
       .description =
           {"A teleport reads what it had placed, keeps what is right, and fetches the rest. When the source "
            "or what it took from here has changed meanwhile, it plans again first.",
            "Where a daemon runs in this home, it does the work, and goes on by itself from then on."},
       .argument = {.name = "ID", .meaning = "as jaunt job list shows it", .repeats = true},
       .options = {detach_option(), here_option()},
       .examples = {{"jaunt job resume 20261121-121500-3fa1", "where it was"}},
       .handler = run_job_resume},
      {.name = "job cancel",
       .summary = "Give up a job",
       .description =
           {"Removes what it had placed and what was promised for it. A job that the daemon runs is stopped "
            "first; one that runs without it is ended by Ctrl-C there. What is visible stays: once its first disk "
            "has its "
            "name, a job can only be gone on with, and a cancel that comes too late fails."},
       .argument = {.name = "ID", .meaning = "as jaunt job list shows it", .repeats = true},
       .examples = {{"jaunt job cancel 20261121-121500-3fa1", "as if it had never begun"}},
       .handler = run_job_cancel},
      {.name = "job verify",
       .summary = "Check the receipt of a teleport",
       .description =
           {"A receipt says what was brought from where, which bytes came from which source, and the roots of "
            "the disks. The node that brought it has signed it. The exit code is 14 where the signature is not one "
            "of what the receipt says, and 12 where nobody signed it, or a node that is not paired with this one."},
       .argument = {.name = "ID|FILE",
                    .meaning = "a job of this home, or a file that jaunt job show --receipt wrote",
                    .completion = Completion::file},
       .examples = {{"jaunt job verify 20261121-121500-3fa1", "of a job of this home"},
                    {"jaunt job verify --json web1.receipt | jq .said.disks", "of another node's"}},
       .handler = run_job_verify},
  };
}

}  // namespace jaunt::cli
