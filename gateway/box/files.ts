import { inside, USER } from "./layout.ts";

/**
 * The files that an installation writes, as text. The unit is hardened until `systemd-analyze security` says 2.0 or less;
 * what is left open is what the work needs: the network (but for the addresses where clouds hand out keys), serial ports (so
 * no user namespace, which could hide the group dialout), and Node's compiler (no MemoryDenyWriteExecute).
 */
export const unit = (): string => `[Unit]
Description=Vigie, the lookout for old machines
Documentation=file://${inside.current}/README.md
After=network.target time-sync.target
StartLimitIntervalSec=600
StartLimitBurst=20

[Service]
Type=notify
NotifyAccess=all
WatchdogSec=30
ExecStart=${inside.command} run --config ${inside.site} --data ${inside.data}
Restart=always
RestartSec=2
TimeoutStopSec=20
User=${USER}
Group=${USER}
SupplementaryGroups=dialout
Environment=NODE_ENV=production
Environment=NODE_COMPILE_CACHE=${inside.codeCache}
EnvironmentFile=-${inside.secrets}
StateDirectory=vigie
StateDirectoryMode=0750
# What waits in memory for a disk that cannot be used outlives a restart of the service.
RuntimeDirectory=vigie
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
WorkingDirectory=${inside.data}
UMask=0077
# Each connection and file takes one. systemd's own 1024, which Node may not raise here, is less than page and broker let in.
LimitNOFILE=4096
OOMScoreAdjust=-500
Nice=-5
CPUWeight=500

CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
# The page saves the site file here.
ReadWritePaths=${inside.config}
ProtectHome=yes
PrivateTmp=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=all
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RemoveIPC=yes
IPAddressDeny=169.254.169.254 169.254.170.2 100.100.100.200 fd00:ec2::254
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @mount @swap @reboot @debug @cpu-emulation @obsolete
SystemCallErrorNumber=EPERM
DevicePolicy=closed
# ttyUSB, ttyACM, ttyAMA by number: their names are known to the kernel only once a driver is loaded, so an adapter that was
# plugged in for the first time after the service had started would be out of reach until the next start.
DeviceAllow=char-188 rw
DeviceAllow=char-166 rw
DeviceAllow=char-204 rw
DeviceAllow=char-ttyS rw

[Install]
WantedBy=multi-user.target
`;

/**
 * Finishes an update that was cut off: by a crash, a power cut, a closed terminal. The version from before judges the new
 * one, because of the new one nobody knows yet whether it runs at all.
 */
export const settleUnit = (): string => `[Unit]
Description=Vigie: finish an update that was cut off
ConditionPathIsSymbolicLink=${inside.before}
After=vigie.service

[Service]
Type=oneshot
Environment=VIGIE_HOME=${inside.before}
ExecStart=${inside.command} update --settle

[Install]
WantedBy=multi-user.target
`;

/**
 * Serial adapters belong to dialout whatever the distribution thinks. FTDI chips hold back answers for 16 ms unless told
 * otherwise, which is most of a Modbus exchange. Names that last are made by systemd already (/dev/serial/by-id, by-path).
 */
export const udevRules =
  (): string => `SUBSYSTEM=="tty", KERNEL=="ttyUSB*|ttyACM*|ttyAMA*", GROUP="dialout", MODE="0660"
ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"
`;

/** The journal must not fill an SD card. */
export const journald = (): string => `[Journal]
SystemMaxUse=64M
RuntimeMaxUse=32M
`;

/** `vigie` for people at a terminal and for the unit: the runtime that came with the release. */
export const command = (): string => `#!/bin/sh
case "$(uname -m)" in
  aarch64) arch=arm64 ;;
  *) arch=x64 ;;
esac
home="\${VIGIE_HOME:-${inside.current}}"
exec "$home/node_modules/node-linux-$arch/bin/node" "$home/gateway/bin.mjs" "$@"
`;

/** The first site file of a new box. */
export const firstSite = (): string => `# yaml-language-server: $schema=${inside.current}/config/gateway.schema.json
# Your workshop. Check a change with: sudo vigie check ${inside.site}
site: { id: atelier, name: Atelier, timezone: Europe/Paris, language: fr }

machines: []
  # - { id: tour-2, name: Tour Cazeneuve, kind: lathe, class: I }

drivers: []
  # Find the adapter with "vigie ports" and its devices with "vigie scan --port …", which prints lines for here.
  # - id: ligne-1
  #   type: modbus
  #   port: /dev/serial/by-id/usb-…
  #   baud: 9600
  #   devices:
  #     - { id: compteur-2, profile: eastron-sdm120, slave: 1, every: 1s, machine: tour-2 }
`;
