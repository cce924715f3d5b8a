// Definitions as libvirt writes them, shortened to what the tests look at.
#pragma once

#include <string>

namespace jaunt::hypervisor {

// A domain with these elements under <devices>.
inline std::string domain_with(const std::string& devices) {
  return "<domain type='kvm'><name>sample</name><uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid>"
         "<memory unit='KiB'>524288</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>"
         "<devices>" +
         devices + "</devices></domain>";
}

inline constexpr const char* kLiveUefiGuest = R"(<?xml version='1.0'?>
<!-- comments stay without effect -->
<domain type='qemu' id='7'>
  <name>web &amp; mail</name>
  <uuid>ace8e190-e277-427e-aa7e-1e810a4a4153</uuid>
  <memory unit='GiB'>2</memory>
  <currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <firmware>
      <feature enabled='yes' name='enrolled-keys'/>
      <feature enabled='yes' name='secure-boot'/>
    </firmware>
    <loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.ms.fd'>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
  </os>
  <cpu mode='custom' match='exact' check='full'><model fallback='forbid'>qemu64</model></cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <interface type='network'>
      <mac address='52:54:00:fb:3c:d7'/>
      <source network='default' portid='7692f5a0-bfaa-446c-afe1-baee9fdd6922' bridge='virbr0'/>
      <target dev='vnet1'/><model type='virtio'/>
    </interface>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/></interface>
    <interface type='user'><mac address='52:54:00:00:00:03'/><model type='e1000'/></interface>
    <channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-7-web/org.qemu.guest_agent.0'/>
      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>
    </channel>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x01' slot='0x1f' function='0x2'/></source>
    </hostdev>
    <hostdev mode='subsystem' type='usb'>
      <source><vendor id='0x1050'/><product id='0x0407'/></source>
    </hostdev>
    <hostdev mode='subsystem' type='mdev' model='vfio-pci'>
      <source><address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source>
    </hostdev>
    <filesystem type='mount'><driver type='virtiofs'/><source dir='/srv/share'/><target dir='share'/></filesystem>
  </devices>
  <seclabel type='dynamic' model='apparmor' relabel='yes'><label>libvirt-ace8e190</label></seclabel>
  <seclabel type='dynamic' model='dac' relabel='yes'><label>+64055:+107</label><imagelabel>+64055:+107</imagelabel></seclabel>
</domain>)";

}  // namespace jaunt::hypervisor
