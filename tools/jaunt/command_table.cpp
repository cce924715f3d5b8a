#include "command_table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "handlers.hpp"
#include "job_commands.hpp"

namespace jaunt::cli {

namespace {

Option realm_option(const char* meaning) {
  return {.name = "--realm", .value = "REALM", .meaning = meaning};
}

Option grant_option() {
  return {.name = "--grant",
          .value = "VERBS",
          .meaning = "what it may do here at once, separated by commas: describe, send, receive; nothing by default"};
}

Option listen_option() {
  return {.name = "--listen",
          .value = "ADDRESSES",
          .meaning =
              "where to listen, separated by commas; by default as node.listen says: port 5286 of every "
              "interface"};
}

Option name_option() {
  return {.name = "--name", .value = "NAME", .meaning = "what it is called here; by default as it calls itself"};
}

Argument peer_argument() {
  return {.name = "NAME", .meaning = "a node as jaunt node list shows it"};
}

Argument peer_and_verbs() {
  return {.name = "NAME [VERB]",
          .meaning =
              "a node as jaunt node list shows it, and verbs: describe (what machines here are made of, and how "
              "they differ from what it has), send (to be sent their blocks), receive (to put machines here)",
          .repeats = true};
}

const std::vector<Command> kOtherCommands{
    {.name = "describe",
     .summary = "Tell what a VM or an image is made of",
     .description =
         {"Shows the machine, the operating systems with their packages, partitions and filesystems with used and "
          "free "
          "space, where user data is, and the disks with their layers and the hashes of their content.",
          "A VM that is shut off and an image are read as they are; nothing is written to them, and no lock is taken "
          "that would keep the VM from starting. A running VM is read as of one instant through libvirt's backup.",
          "What was found out about files that have not changed since is kept in the home, so that the next call "
          "only "
          "looks it up."},
     .argument = {.name = "VM|IMAGE",
                  .meaning = "the name or UUID of a libvirt domain, the path of an image, or a volume as POOL/VOLUME",
                  .repeats = true,
                  .completion = Completion::machine},
     .options =
         {{.name = "--format",
           .value = "FORMAT",
           .meaning = "the format of the images; needed where neither libvirt nor the name of a file tells it, "
                      "since it is never guessed from what a guest may have written",
           .choices = {"raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vhdx", "vpc"},
           .completion = Completion::choice},
          {.name = "--quick", .value = "", .meaning = "do not read the blocks; the hashes of content are left out"},
          {.name = "--fresh", .value = "", .meaning = "read everything again instead of using what is known"},
          {.name = "--connect",
           .value = "URI",
           .meaning = "the libvirt connection; by default that of the configuration"}},
     .examples = {{"jaunt describe web1", "the libvirt domain web1"},
                  {"jaunt describe --quick /var/lib/libvirt/images/web1.qcow2",
                   "an image, without reading its blocks"},
                  {"jaunt describe --format raw /dev/vg0/web1", "a block device, which the configuration must allow"},
                  {"jaunt describe --json web1 | jq -r '.systems[0].packages[] | .name'",
                   "the names of all its packages"}},
     .handler = run_describe},
    {.name = "catalog add",
     .summary = "Add images that this node may use as sources",
     .description =
         {"A libvirt connection stands for the disks of all its domains and their snapshots, a folder for all images "
          "in and below it. New ones are found by themselves whenever the catalog is rescanned.",
          "Nothing is read yet: that is what jaunt catalog rescan does. Files outside of the folders that the "
          "configuration allows (images.folders) are refused."},
     .argument = {.name = "IMAGE|FOLDER|URI",
                  .meaning = "the path of an image or a folder, or a libvirt connection such as qemu:///system",
                  .repeats = true,
                  .completion = Completion::file},
     .options = {realm_option("the realm to which the images belong"),
                 {.name = "--format",
                  .value = "FORMAT",
                  .meaning = "the format of the images; needed where the name of a file does not tell it",
                  .choices = {"raw", "qcow2", "vmdk", "vdi", "vhdx", "vpc"},
                  .completion = Completion::choice}},
     .examples = {{"jaunt catalog add qemu:///system", "all domains of this host"},
                  {"jaunt catalog add --realm lab /srv/images", "a folder, in the realm lab"}},
     .handler = run_catalog_add},
    {.name = "catalog own",
     .summary = "Make an image jaunt's own, for thin targets to stand on",
     .description =
         {"The image and all files that it stands on become read-only and are catalogued. From then on jaunt "
          "teleport "
          "--thin may make images that hold only what this one does not.",
          "One that a domain may write to, or that somebody has open for writing, is refused. jaunt catalog list "
          "--images tells what is jaunt's own and how many images stand on it; jaunt doctor, whether it still is "
          "what "
          "it was."},
     .argument = {.name = "IMAGE",
                  .meaning = "the path of an image that nobody is to write to any more",
                  .repeats = true,
                  .completion = Completion::file},
     .options = {realm_option("the realm to which it belongs"),
                 {.name = "--format",
                  .value = "FORMAT",
                  .meaning = "its format, where its name does not tell it",
                  .choices = {"raw", "qcow2"},
                  .completion = Completion::choice}},
     .examples = {{"jaunt catalog own /srv/golden/debian-12.qcow2", "one image"}},
     .handler = run_catalog_own},
    {.name = "catalog list",
     .summary = "Show what this node may use as sources, and what is known of it",
     .description = {"An entry is what was added; its images are what was found there. Images share layers, each of "
                     "which is kept once.",
                     "With --json the document holds entries, images and layers."},
     .options = {realm_option("only this realm"),
                 {.name = "--images", .value = "", .meaning = "show every image with its layers"}},
     .examples = {{"jaunt catalog list", "one line for every entry"},
                  {"jaunt catalog list --json | jq -r '.images[].name'", "the names of all images"}},
     .handler = run_catalog_list},
    {.name = "catalog remove",
     .summary = "Stop using something as a source",
     .description = {"What was kept of it is removed for good, but for layers that other images need. An image that "
                     "was found in a folder or a libvirt connection can be removed alone: it will not be found there "
                     "again.",
                     "The images themselves are never touched."},
     .argument = {.name = "WHAT",
                  .meaning = "an entry or an image as jaunt catalog list shows it",
                  .repeats = true,
                  .required = false,
                  .completion = Completion::file},
     .options = {realm_option("the realm to which it belongs; without anything else, the whole realm is removed")},
     .examples = {{"jaunt catalog remove /srv/images", "a folder"},
                  {"jaunt catalog remove \"web1 vda\"", "one disk of a domain"},
                  {"jaunt catalog remove --realm lab", "everything in the realm lab"}},
     .handler = run_catalog_remove},
    {.name = "catalog rescan",
     .summary = "Find new images and read what has changed",
     .description =
         {"Goes through all entries, or those that are named, and reads every layer that is not known yet or has "
          "changed since, each once however many images share it. Disks of running VMs are read too, without a lock "
          "that would be in their way; what is learned of them is only a hint.",
          "It works only when nobody else wants processor or disks. Interrupted or killed, it goes on where it was; "
          "only the layer that was being read begins anew."},
     .argument = {.name = "WHAT",
                  .meaning = "an entry as jaunt catalog list shows it; by default all",
                  .repeats = true,
                  .required = false,
                  .completion = Completion::file},
     .options = {realm_option("only this realm"),
                 {.name = "--fresh", .value = "", .meaning = "read everything again instead of using what is known"},
                 {.name = "--follow",
                  .value = "",
                  .meaning = "stay, and go on whenever domains or files change, until Ctrl-C"},
                 {.name = "--urgent", .value = "", .meaning = "work at normal priority, for somebody who waits"}},
     .examples = {{"jaunt catalog rescan", "everything"},
                  {"jaunt catalog rescan --follow --quiet &", "follow all changes in the background"},
                  {"jaunt catalog rescan --urgent /srv/images", "one folder, soon"}},
     .handler = run_catalog_rescan},
    {.name = "plan",
     .summary = "Tell what bringing a VM or an image here would cost, and from where its blocks would come",
     .description =
         {"Asks the node that has the machine what it is made of, ranks the images that are catalogued here, chooses "
          "the closest as the base, works out which blocks are here already, and forecasts bytes and seconds for "
          "each "
          "source, against a plain copy. What stands in the way here is named with its remedy. Nothing is changed "
          "but "
          "that the plan is kept in this home, by an id.",
          "Blocks of the store that a plan names are kept until its lease ends. Files that are not ours are "
          "remembered "
          "as they were; --check tells whether everything still is as the plan has it, and exits with 1 when not.",
          "The other node is a paired one, by its name or address, or another home on this machine, for which --rate "
          "and "
          "--rtt say which link is meant: 100 Mbit/s and 1 ms otherwise. What would cross is compressed once for the "
          "forecast, which takes the other node a few seconds for each GB."},
     .argument = {.name = "VM|IMAGE@NODE",
                  .meaning =
                      "a libvirt domain, image or volume, and the node that has it: the name of a paired node, "
                      "its address, or home:DIR for another home on this machine",
                  .repeats = true,
                  .required = false,
                  .completion = Completion::machine},
     .options =
         {{.name = "--rate",
           .value = "RATE",
           .meaning = "the speed of the link: 100Mbit, 1Gbit, 12MB; measured otherwise"},
          {.name = "--rtt", .value = "TIME", .meaning = "how long there and back takes: 50ms; measured otherwise"},
          {.name = "--as", .value = "NAME", .meaning = "the name that the VM would have here"},
          {.name = "--to",
           .value = "DIR",
           .meaning = "the folder for its disks; by default the first that the configuration allows",
           .completion = Completion::folder},
          {.name = "--realm", .value = "NAME", .meaning = "of the images and blocks here that are used"},
          {.name = "--format",
           .value = "FORMAT",
           .meaning = "the format of an image, where its name does not tell it",
           .choices = {"raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vhdx", "vpc"},
           .completion = Completion::choice},
          {.name = "--no-packages", .value = "", .meaning = "count with nothing from package mirrors"},
          {.name = "--lease",
           .value = "TIME",
           .meaning = "how long what is promised is kept: 1h by default; 0 promises nothing"},
          {.name = "--list", .value = "", .meaning = "show the plans that are kept, and nothing else"},
          {.name = "--show", .value = "ID", .meaning = "show a plan that is kept"},
          {.name = "--check", .value = "ID", .meaning = "tell whether a plan still holds, and what has changed"},
          {.name = "--drop", .value = "ID", .meaning = "forget a plan, and what was promised for it"}},
     .examples = {{"jaunt plan web1@storage", "a domain of the paired node storage"},
                  {"jaunt plan web1@home:/var/lib/jaunt-b", "a domain of the node with that home"},
                  {"jaunt plan --rate 100Mbit --rtt 50ms web1@home:/srv/b", "over another link"},
                  {"jaunt plan --json web1@home:/srv/b | jq '.forecast'", "for scripts"},
                  {"jaunt plan --check 20261121-121500-3fa1", "before it is carried out"}},
     .handler = run_plan},
    {.name = "node init",
     .summary = "Give this node a key",
     .description =
         {"Makes the key pair by which other nodes know this one, in node.key in the home. A node that has "
          "one keeps it. Prints the node's id, a fingerprint of its public key."},
     .examples = {{"jaunt node init", "once, on every host"}},
     .handler = run_node_init},
    {.name = "node show",
     .summary = "Show this node's id, or a paired node",
     .description = {"Prints the fingerprint of the public key by which nodes know each other."},
     .argument = {.name = "NAME", .meaning = "a paired node; by default this one", .required = false},
     .examples = {{"jaunt node show", "this node"}, {"jaunt node show --json storage", "a paired node"}},
     .handler = run_node_show},
    {.name = "node invite",
     .summary = "Print an invitation by which another node can be paired with this one",
     .description =
         {"The invitation names this node's key and carries a secret. It is good once and for ten minutes, "
          "while jaunt serve runs here, also over a restart of it. Bring it to the other host as you would "
          "a password, and give it to jaunt node pair there.",
          "What the other node may do here is said now with --grant, or later with jaunt node grant."},
     .options = {grant_option(),
                 realm_option("in which it may do so, and whose blocks it may see; default otherwise"),
                 name_option()},
     .examples = {{"jaunt node invite --grant describe,send", "let the other node fetch machines from here"},
                  {"jaunt node invite | ssh b jaunt node pair a", "pair two hosts in one line"}},
     .handler = run_node_invite},
    {.name = "node pair",
     .summary = "Pair this node with the one that made an invitation",
     .description = {"Asks for the invitation that jaunt node invite printed on the other host, or reads it from "
                     "standard input. Both nodes prove to each other that they know its secret, and each remembers "
                     "the other's key; from then on they accept no other key for each other."},
     .argument = {.name = "ADDRESS",
                  .meaning = "of the other host: a name or an address, with :PORT where it is not 5286"},
     .options = {grant_option(),
                 realm_option("in which it may do so, and whose blocks it may see; default otherwise"),
                 name_option()},
     .examples = {{"jaunt node pair storage.example.org", "asks for the invitation"},
                  {"jaunt node pair --name storage [2001:db8::1]:5300 < invitation", "reads it from a file"}},
     .handler = run_node_pair},
    {.name = "node list",
     .summary = "Show the nodes that this one is paired with",
     .description = {"One line for each: its name here, its id, its address, and what it may do here."},
     .examples = {{"jaunt node list", "all of them"}, {"jaunt node list --json | jq -r .name", "their names"}},
     .handler = run_node_list},
    {.name = "node remove",
     .summary = "Forget a paired node",
     .description = {"It is refused from then on, until it is paired again. What runs at this moment is not ended."},
     .argument = peer_argument(),
     .examples = {{"jaunt node remove storage", "forget it, with all that it was granted"}},
     .handler = run_node_remove},
    {.name = "node grant",
     .summary = "Allow a paired node something here",
     .description = {"Adds verbs to what the node may ask of this one, and with --realm a realm in which it may. The "
                     "first verb brings the realm default along where no other is granted."},
     .argument = peer_and_verbs(),
     .options = {realm_option("a realm whose machines and blocks it may see")},
     .examples = {{"jaunt node grant storage describe send", "it may plan, and fetch machines from here"},
                  {"jaunt node grant storage --realm lab", "in the realm lab, too"}},
     .handler = run_node_grant},
    {.name = "node revoke",
     .summary = "Take back what a paired node was allowed",
     .description = {"Holds for everything that begins afterwards."},
     .argument = peer_and_verbs(),
     .options = {realm_option("a realm that it may not see any more")},
     .examples = {{"jaunt node revoke storage receive", "it may not put machines here any more"}},
     .handler = run_node_revoke},
    {.name = "serve",
     .summary = "Answer paired nodes, in the foreground",
     .description =
         {"Listens, and answers the nodes that this one is paired with, as far as each is allowed; nobody else "
          "learns "
          "anything. Invitations are honoured while it runs. Several conversations go on at once. Every visitor, and "
          "whoever was refused and why, is told in a line on standard error; with --json on standard output.",
          "Ctrl-C ends it. Peers, grants and invitations may be changed while it runs."},
     .options = {listen_option()},
     .examples = {{"jaunt serve", "on every interface"},
                  {"jaunt serve --listen 192.0.2.1,[2001:db8::1]:5300", "at these addresses only"}},
     .handler = run_serve},
    {.name = "daemon",
     .summary = "Answer paired nodes, and carry out the jobs that are handed over",
     .description =
         {"The program jauntd is this command; systemd starts it as jauntd.service. One runs in a home. It answers "
          "paired nodes as jaunt serve does, and carries out what jaunt teleport hands it over a socket in the home, "
          "several jobs at once (daemon.jobs), each in a process of its own. Root may use the socket, and the "
          "members "
          "of the group libvirt (daemon.group); those reach paired nodes, and the folders for images.",
          "A job whose other node cannot be reached, or whose process was killed, is gone on with by itself: after "
          "a second, later less often, up to every five minutes. Where only a person can help, it waits for jaunt "
          "job resume. Jobs that were begun without the daemon are left alone.",
          "SIGTERM or Ctrl-C stops its jobs where the next daemon goes on with them. With daemon.metrics_port it has "
          "metrics for Prometheus at 127.0.0.1."},
     .options = {listen_option()},
     .examples = {{"jaunt daemon", "in the foreground"},
                  {"jaunt daemon --listen 192.0.2.1", "that peers reach at this address only"}},
     .handler = run_daemon},
    {.name = "doctor",
     .summary = "Check whether this host is able",
     .description =
         {"Looks at libvirt, QEMU, KVM, the appliance that looks into guests, tools, space, rights, the clock, this "
          "node's key and port and its peers, "
          "and says for each what was found and what to do about it.",
          "The exit code is 0 when this host can be used, also with warnings, and 1 when something that is "
          "needed is broken."},
     .options = {{.name = "--connect",
                  .value = "URI",
                  .meaning = "the libvirt connection; by default that of the configuration"}},
     .examples = {{"jaunt doctor", "one line for every check"},
                  {"jaunt doctor --json | jq '.checks[] | select(.verdict != \"ok\")'", "only what is not in order"}},
     .handler = run_doctor},
    {.name = "config check",
     .summary = "Check the configuration",
     .description =
         {"Reads jaunt.toml in the home and the environment, and names every problem with its place. The exit "
          "code is 2 when there is one."},
     .examples = {{"jaunt config check", "the configuration of the default home"}},
     .handler = run_config_check},
    {.name = "config show",
     .summary = "Show the configuration in force and where each value comes from",
     .description = {"Prints every key as TOML."},
     .options = {{.name = "--defaults",
                  .value = "",
                  .meaning = "print the defaults, explained and commented out: a file to begin with"}},
     .examples = {{"jaunt config show", "what is in force"},
                  {"jaunt config show --defaults > /var/lib/jaunt/jaunt.toml", "begin a configuration"}},
     .handler = run_config_show},
    {.name = "store stats",
     .summary = "Show what the store holds",
     .description =
         {"The store keeps blocks by content, compressed in packs. Shown are its blocks, those that something "
          "refers to, sizes, and who refers to how many blocks: images, snapshots, jobs, and leases of plans."},
     .argument = {.name = "REALM", .meaning = "only this realm", .required = false},
     .examples = {{"jaunt store stats", "all realms together"},
                  {"jaunt store stats --json default | jq .pack_bytes", "for scripts"}},
     .handler = run_store_stats},
    {.name = "store verify",
     .summary = "Read the store through and repair it",
     .description =
         {"Reads the packs and compares them with their checksums and with the index. What is damaged counts as "
          "absent "
          "from then on, and is kept again when it comes by again. A damaged index is made again.",
          "All blocks that are lost are named, whenever that was found: until they are repaired or put again, or "
          "garbage collection removes their pack.",
          "A round of verifying reads each pack once. It may be interrupted at any time or be given a share; the "
          "next call goes on with what the round has not read yet.",
          "The exit code is 0 when nothing is lost, 3 when all that was lost could be repaired, else 14."},
     .options = {{.name = "--share", .value = "PERCENT", .meaning = "read so much of the store, as in 5%"},
                 {.name = "--repair", .value = "", .meaning = "take lost blocks from catalogued images"},
                 {.name = "--key",
                  .value = "REALM=FILE",
                  .meaning = "repair this keyed realm, too; the file has its key as 64 hexadecimal digits"}},
     .examples = {{"jaunt store verify --share 5%", "every night: a round takes twenty of them"},
                  {"jaunt store verify --repair", "everything, and mend it from images on this host"}},
     .handler = run_store_verify},
    {.name = "store gc",
     .summary = "Drop blocks that nothing refers to",
     .description = {"What images, snapshots, jobs and unexpired leases refer to always stays. Reading goes on "
                     "meanwhile. A pack "
                     "is rewritten when a quarter of it is garbage."},
     .options = {{.name = "--keep",
                  .value = "SIZE",
                  .meaning =
                      "keep unneeded blocks, the youngest, while the packs are not larger than this; by default "
                      "what store.keep in the configuration says, which is none"},
                 {.name = "--thorough", .value = "", .meaning = "rewrite packs for the least garbage"}},
     .examples = {{"jaunt store gc", "drop everything that is not needed"},
                  {"jaunt store gc --keep 200GiB", "stay within a quota; the oldest goes first"}},
     .handler = run_store_gc},
    {.name = "store forget",
     .summary = "Remove what was kept for a realm or an image, for good",
     .description =
         {"Of a realm, all blocks and references go. Of an image, its references and those of its snapshots go, and "
          "then every block of its realm that nothing else refers to. What is removed cannot be brought back.",
          "A name that is a realm's is taken as that."},
     .argument = {.name = "REALM|IMAGE", .meaning = "the realm, or the image as store stats names it"},
     .examples = {{"jaunt store forget customer7", "a realm that is not served any more"},
                  {"jaunt store forget web1", "what was kept for this image alone"}},
     .handler = run_store_forget},
    {.name = "completions",
     .summary = "Print the completions of a shell",
     .description = {"Packages install them in their places; this is for shells that look elsewhere."},
     .argument = {.name = "SHELL",
                  .meaning = "bash, zsh or fish",
                  .choices = {"bash", "zsh", "fish"},
                  .completion = Completion::choice},
     .examples = {{"source <(jaunt completions bash)", "complete in this shell from now on"}},
     .handler = run_completions},
    {.name = "version",
     .summary = "Print the version",
     .description = {"The same as jaunt --version."},
     .examples = {{"jaunt version --json", "for scripts"}},
     .handler = run_version},
};

// In the order of the manual: what moves machines stands before what looks after this node.
const std::vector<Command> kCommands = [] {
  std::vector<Command> all = kOtherCommands;
  const std::vector<Command> jobs = job_commands();
  all.insert(std::ranges::find(all, "doctor", &Command::name), jobs.begin(), jobs.end());
  return all;
}();

const std::vector<Option> kGlobalOptions{
    {.name = "--home",
     .value = "DIR",
     .meaning =
         "the node's home, with its configuration, caches and jobs; by default $JAUNT_HOME, else /var/lib/jaunt",
     .completion = Completion::folder},
    {.name = "--json",
     .value = "",
     .meaning = "print JSON for scripts: one document in one line for each thing asked for"},
    {.name = "--quiet", .value = "", .meaning = "no progress and no notes", .short_name = "-q"},
    {.name = "--threads", .value = "N", .meaning = "threads that read and hash; 0 means one for each processor"},
    {.name = "--help", .value = "", .meaning = "explain the command, with examples", .short_name = "-h"},
    {.name = "--version", .value = "", .meaning = "print the version"},
};

const std::vector<ExitCode> kExitCodes{
    {0, "done"},
    {1, "failed"},
    {2, "the command line or the configuration is wrong"},
    {3, "partly done: some of the things asked for failed"},
    {10, "the other node failed or cannot be reached"},
    {11, "busy: somebody else holds it; later it may work"},
    {12, "not permitted"},
    {13, "incompatible: this host cannot take it"},
    {14, "bytes disagree with their hash"},
    {15, "no space"},
    {16, "interrupted, and can be resumed"},
    {130, "ended by Ctrl-C or a signal"},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

std::span<const Option> global_options() {
  return kGlobalOptions;
}

std::span<const ExitCode> exit_codes() {
  return kExitCodes;
}

const Command* find_command(std::string_view name) {
  const auto found =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == name; });
  return found == kCommands.end() ? nullptr : &*found;
}

std::vector<std::string> command_groups() {
  std::vector<std::string> groups;
  for (const Command& command : kCommands)
    if (const auto space = command.name.find(' '); space != command.name.npos)
      if (const std::string group = command.name.substr(0, space); groups.empty() || groups.back() != group)
        groups.push_back(group);
  return groups;
}

std::string spelled(const Option& option) {
  return option.value.empty() ? option.name : fmt::format("{} {}", option.name, option.value);
}

std::string usage(const Command& command) {
  std::string text = fmt::format("jaunt {} [OPTION]...", command.name);
  if (!command.argument.name.empty()) {
    const std::string argument = command.argument.name + (command.argument.repeats ? "..." : "");
    text += command.argument.required ? " " + argument : fmt::format(" [{}]", argument);
  }
  return text;
}

}  // namespace jaunt::cli
