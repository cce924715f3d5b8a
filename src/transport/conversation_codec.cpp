#include <messages.pb.h>

#include "transport/message_parts.hpp"

namespace jaunt::transport {

void put(wire::Envelope& out, const AskMachine& ask) {
  out.mutable_ask_machine()->set_subject(ask.subject);
  out.mutable_ask_machine()->set_format(ask.format);
  out.mutable_ask_machine()->set_bit_exact(ask.bit_exact);
  out.mutable_ask_machine()->set_media(ask.media);
}

AskMachine take(const wire::AskMachine& in) {
  limit_unless(in.subject().size() <= kSubjectBytesMax && in.format().size() <= kNameBytesMax,
               "its name is too long");
  return {in.subject(), in.format(), in.bit_exact(), in.media()};
}

void put(wire::Envelope& out, const Machine& machine) {
  out.mutable_machine()->set_description(machine.description);
  out.mutable_machine()->set_as_of(machine.as_of);
  out.mutable_machine()->set_firmware(to_wire(machine.firmware));
  out.mutable_machine()->set_firmware_bytes(machine.firmware_bytes);
  out.mutable_machine()->set_consistency(machine.consistency);
  out.mutable_machine()->set_frozen(machine.frozen);
  out.mutable_machine()->set_packages(machine.packages);
}

Machine take(const wire::Machine& in) {
  limit_unless(in.description().size() <= kDescriptionBytesMax, "its description is too long");
  limit_unless(in.firmware().size() <= kFirmwarePieceMax && in.firmware_bytes() <= kFirmwareBytesMax,
               "its firmware's variables are too long");
  limit_unless(in.consistency().size() <= kCauseBytesMax, "what it says of its disks is too long");
  return {in.description(), in.as_of(), to_bytes(in.firmware()), in.firmware_bytes(), in.consistency(), in.frozen(),
          in.packages()};
}

void put(wire::Envelope& out, const AskProbe& ask) {
  out.mutable_ask_probe()->set_bytes(ask.bytes);
}

AskProbe take(const wire::AskProbe& in) {
  limit_unless(in.bytes() <= kProbeBytesMax, "it asks for too long a probe");
  return {in.bytes()};
}

void put(wire::Envelope& out, const Probe& probe) {
  out.mutable_probe()->set_filler(to_wire(probe.filler));
  out.mutable_probe()->set_bytes_per_second(probe.bytes_per_second);
}

Probe take(const wire::Probe& in) {
  limit_unless(in.filler().size() <= kProbeBytesMax, "its probe is too long");
  return {to_bytes(in.filler()), in.bytes_per_second()};
}

void put(wire::Envelope& out, const AskReceive& ask) {
  wire::AskReceive& to = *out.mutable_ask_receive();
  to.set_subject(ask.subject);
  to.set_format(ask.format);
  to.set_bit_exact(ask.bit_exact);
  to.set_to(ask.to);
  to.set_target_format(ask.target_format);
  to.set_name(ask.name);
  to.set_realm(ask.realm);
  to.set_define(ask.define);
  to.set_start(ask.start);
  to.set_same_machine(ask.same_machine);
  to.set_bytes_per_second(ask.bytes_per_second);
}

AskReceive take(const wire::AskReceive& in) {
  limit_unless(in.subject().size() <= kSubjectBytesMax && in.to().size() <= kSubjectBytesMax &&
                   in.format().size() <= kNameBytesMax && in.target_format().size() <= kNameBytesMax &&
                   in.name().size() <= kNameBytesMax && in.realm().size() <= kNameBytesMax,
               "a name of what is to be received is too long");
  return {.subject = in.subject(),
          .format = in.format(),
          .bit_exact = in.bit_exact(),
          .to = in.to(),
          .target_format = in.target_format(),
          .name = in.name(),
          .realm = in.realm(),
          .define = in.define(),
          .start = in.start(),
          .same_machine = in.same_machine(),
          .bytes_per_second = in.bytes_per_second()};
}

void put(wire::Envelope& out, const Receiving& receiving) {
  out.mutable_receiving()->set_job(receiving.job);
  out.mutable_receiving()->set_resumed(receiving.resumed);
}

Receiving take(const wire::Receiving& in) {
  limit_unless(in.job().size() <= kNameBytesMax, "its job's name is too long");
  return {in.job(), in.resumed()};
}

void put(wire::Envelope& out, const Status& status) {
  wire::Status& to = *out.mutable_status();
  to.set_stage(status.stage);
  to.set_done(status.done);
  to.set_total(status.total);
  to.set_note(status.note);
}

Status take(const wire::Status& in) {
  limit_unless(in.stage().size() <= kNameBytesMax && in.note().size() <= kCauseBytesMax,
               "what it says of its progress is too long");
  return {in.stage(), in.done(), in.total(), in.note()};
}

void put(wire::Envelope& out, const Over&) {
  out.mutable_over();
}

Over take(const wire::Over&) {
  return {};
}

void put(wire::Envelope& out, const Finished& finished) {
  out.mutable_finished()->set_summary(finished.summary);
}

Finished take(const wire::Finished& in) {
  limit_unless(in.summary().size() <= kSummaryBytesMax, "its summary is too long");
  return {in.summary()};
}

void put(wire::Envelope& out, const AskPackages&) {
  out.mutable_ask_packages();
}

AskPackages take(const wire::AskPackages&) {
  return {};
}

void put(wire::Envelope& out, const Packages& packages) {
  out.mutable_packages()->set_list(to_wire(packages.list));
  out.mutable_packages()->set_bytes(packages.bytes);
}

Packages take(const wire::Packages& in) {
  limit_unless(in.list().size() <= kPackagesPieceMax && in.bytes() <= kPackagesBytesMax,
               "its list of packages is too long");
  return {to_bytes(in.list()), in.bytes()};
}

}  // namespace jaunt::transport
