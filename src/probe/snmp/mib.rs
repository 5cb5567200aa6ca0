//! The objects that are asked, each with its MIB. Arcs of a scalar end with its instance `.0`; a
//! column's do not.

use super::wire::Oid;

/// An OID as it stands here: a scalar's whole OID, or a column.
pub type Arcs = &'static [u32];

/// The OID of these arcs.
#[must_use]
pub fn oid(arcs: Arcs) -> Oid {
    Oid::from_slice(arcs)
}

/// SNMPv2-MIB `sysDescr.0`: what it is, in the maker's words.
pub const SYS_DESCR: Arcs = &[1, 3, 6, 1, 2, 1, 1, 1, 0];
/// SNMPv2-MIB `sysObjectID.0`: the maker's own OID of this kind of device.
pub const SYS_OBJECT_ID: Arcs = &[1, 3, 6, 1, 2, 1, 1, 2, 0];
/// SNMPv2-MIB `sysUpTime.0`: hundredths of a second since the agent began; wraps after 497 days.
pub const SYS_UP_TIME: Arcs = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
/// SNMPv2-MIB `sysContact.0`.
pub const SYS_CONTACT: Arcs = &[1, 3, 6, 1, 2, 1, 1, 4, 0];
/// SNMPv2-MIB `sysName.0`.
pub const SYS_NAME: Arcs = &[1, 3, 6, 1, 2, 1, 1, 5, 0];
/// SNMPv2-MIB `sysLocation.0`.
pub const SYS_LOCATION: Arcs = &[1, 3, 6, 1, 2, 1, 1, 6, 0];
/// SNMP-FRAMEWORK-MIB `snmpEngineBoots.0`: how often the agent has begun.
pub const ENGINE_BOOTS: Arcs = &[1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0];
/// SNMP-FRAMEWORK-MIB `snmpEngineTime.0`: seconds since the last of these; does not wrap.
pub const ENGINE_TIME: Arcs = &[1, 3, 6, 1, 6, 3, 10, 2, 1, 3, 0];
/// HOST-RESOURCES-MIB `hrSystemUptime.0`: hundredths of a second since the host began; wraps after
/// 497 days, and goes on when only the agent restarts.
pub const HR_SYSTEM_UPTIME: Arcs = &[1, 3, 6, 1, 2, 1, 25, 1, 1, 0];

/// RFC1213-MIB `ipAdEntAddr`: an IPv4 address of its own, which is the index, too.
pub const IP_ADDRESS: Arcs = &[1, 3, 6, 1, 2, 1, 4, 20, 1, 1];

/// IF-MIB `ifTableLastChange.0`: `sysUpTime` when a row last came or went.
pub const IF_TABLE_LAST_CHANGE: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 5, 0];
/// IF-MIB `ifDescr`.
pub const IF_DESCR: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 2];
/// IF-MIB `ifType`, an `IANAifType`.
pub const IF_TYPE: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 3];
/// IF-MIB `ifSpeed`, bits a second, 4,294,967,295 for all that is faster.
pub const IF_SPEED: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 5];
/// IF-MIB `ifAdminStatus`: up(1), down(2), testing(3).
pub const IF_ADMIN_STATUS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 7];
/// IF-MIB `ifOperStatus`: up(1), down(2), testing(3), unknown(4), dormant(5), notPresent(6),
/// lowerLayerDown(7).
pub const IF_OPER_STATUS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 8];
/// IF-MIB `ifInOctets`, 32 bits.
pub const IF_IN_OCTETS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 10];
/// IF-MIB `ifInUcastPkts`, 32 bits.
pub const IF_IN_UCAST: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 11];
/// IF-MIB `ifInDiscards`, 32 bits.
pub const IF_IN_DISCARDS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 13];
/// IF-MIB `ifInErrors`, 32 bits.
pub const IF_IN_ERRORS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 14];
/// IF-MIB `ifOutOctets`, 32 bits.
pub const IF_OUT_OCTETS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 16];
/// IF-MIB `ifOutUcastPkts`, 32 bits.
pub const IF_OUT_UCAST: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 17];
/// IF-MIB `ifOutDiscards`, 32 bits.
pub const IF_OUT_DISCARDS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 19];
/// IF-MIB `ifOutErrors`, 32 bits.
pub const IF_OUT_ERRORS: Arcs = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 20];
/// IF-MIB `ifName`: what the device's own command line calls it.
pub const IF_NAME: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1];
/// IF-MIB `ifHCInOctets`, 64 bits.
pub const IF_HC_IN_OCTETS: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6];
/// IF-MIB `ifHCInUcastPkts`, 64 bits.
pub const IF_HC_IN_UCAST: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 7];
/// IF-MIB `ifHCOutOctets`, 64 bits.
pub const IF_HC_OUT_OCTETS: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 10];
/// IF-MIB `ifHCOutUcastPkts`, 64 bits.
pub const IF_HC_OUT_UCAST: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 11];
/// IF-MIB `ifHighSpeed`, millions of bits a second.
pub const IF_HIGH_SPEED: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15];
/// IF-MIB `ifAlias`: what an operator calls it.
pub const IF_ALIAS: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18];
/// IF-MIB `ifCounterDiscontinuityTime`: `sysUpTime` when the counters last jumped.
pub const IF_DISCONTINUITY: Arcs = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 19];

/// ENTITY-MIB `entPhysicalDescr`.
pub const ENT_DESCR: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 2];
/// ENTITY-MIB `entPhysicalContainedIn`: 0 for what is in nothing else.
pub const ENT_CONTAINED_IN: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 4];
/// ENTITY-MIB `entPhysicalClass`: chassis(3), module(9), stack(11), …
pub const ENT_CLASS: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 5];
/// ENTITY-MIB `entPhysicalHardwareRev`.
pub const ENT_HARDWARE: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 8];
/// ENTITY-MIB `entPhysicalFirmwareRev`: the boot code.
pub const ENT_FIRMWARE: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 9];
/// ENTITY-MIB `entPhysicalSoftwareRev`: what runs.
pub const ENT_SOFTWARE: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 10];
/// ENTITY-MIB `entPhysicalSerialNum`.
pub const ENT_SERIAL: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11];
/// ENTITY-MIB `entPhysicalModelName`.
pub const ENT_MODEL: Arcs = &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 13];

/// UPS-MIB (RFC 1628) `upsIdentManufacturer.0`.
pub const UPS_MANUFACTURER: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 1, 1, 0];
/// UPS-MIB `upsIdentModel.0`.
pub const UPS_MODEL: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 1, 2, 0];
/// UPS-MIB `upsIdentUPSSoftwareVersion.0`.
pub const UPS_SOFTWARE: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 1, 3, 0];
/// UPS-MIB `upsBatteryStatus.0`: unknown(1), normal(2), low(3), depleted(4).
pub const UPS_BATTERY_STATUS: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 2, 1, 0];
/// UPS-MIB `upsEstimatedMinutesRemaining.0`.
pub const UPS_MINUTES: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 2, 3, 0];
/// UPS-MIB `upsEstimatedChargeRemaining.0`, per cent.
pub const UPS_CHARGE: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 2, 4, 0];
/// UPS-MIB `upsBatteryTemperature.0`, °C.
pub const UPS_TEMPERATURE: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 2, 7, 0];
/// UPS-MIB `upsInputVoltage`, volts, a row per line.
pub const UPS_INPUT_VOLTAGE: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 3, 3, 1, 3];
/// UPS-MIB `upsOutputSource.0`: other(1), none(2), normal(3), bypass(4), battery(5), booster(6),
/// reducer(7).
pub const UPS_SOURCE: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 4, 1, 0];
/// UPS-MIB `upsOutputPercentLoad`, a row per line.
pub const UPS_LOAD: Arcs = &[1, 3, 6, 1, 2, 1, 33, 1, 4, 4, 1, 5];

/// PowerNet-MIB `upsAdvBatteryCapacity.0`, per cent.
pub const APC_CHARGE: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 2, 2, 1, 0];
/// PowerNet-MIB `upsAdvBatteryTemperature.0`, °C.
pub const APC_TEMPERATURE: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 2, 2, 2, 0];
/// PowerNet-MIB `upsAdvBatteryRunTimeRemaining.0`, ticks.
pub const APC_RUN_TIME: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 2, 2, 3, 0];
/// PowerNet-MIB `upsAdvBatteryReplaceIndicator.0`: noBatteryNeedsReplacing(1), needs(2).
pub const APC_REPLACE: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 2, 2, 4, 0];
/// PowerNet-MIB `upsBasicBatteryStatus.0`: unknown(1), normal(2), low(3), fault(4).
pub const APC_BATTERY_STATUS: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 2, 1, 1, 0];
/// PowerNet-MIB `upsHighPrecBatteryCapacity.0`, tenths of a per cent.
pub const APC_CHARGE_FINE: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 2, 3, 1, 0];
/// PowerNet-MIB `upsHighPrecBatteryTemperature.0`, tenths of °C.
pub const APC_TEMPERATURE_FINE: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 2, 3, 2, 0];
/// PowerNet-MIB `upsAdvInputLineVoltage.0`, volts.
pub const APC_INPUT: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 3, 2, 1, 0];
/// PowerNet-MIB `upsHighPrecInputLineVoltage.0`, tenths of a volt.
pub const APC_INPUT_FINE: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 3, 3, 1, 0];
/// PowerNet-MIB `upsBasicOutputStatus.0`: unknown(1), onLine(2), onBattery(3), onSmartBoost(4),
/// timedSleeping(5), softwareBypass(6), off(7), rebooting(8), switchedBypass(9),
/// hardwareFailureBypass(10), sleepingUntilPowerReturn(11), onSmartTrim(12), ecoMode(13), …
pub const APC_OUTPUT_STATUS: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 4, 1, 1, 0];
/// PowerNet-MIB `upsAdvOutputLoad.0`, per cent.
pub const APC_LOAD: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 4, 2, 3, 0];
/// PowerNet-MIB `upsHighPrecOutputLoad.0`, tenths of a per cent.
pub const APC_LOAD_FINE: Arcs = &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 4, 3, 3, 0];

/// XUPS-MIB (Eaton, Powerware) `xupsIdentManufacturer.0`.
pub const EATON_MANUFACTURER: Arcs = &[1, 3, 6, 1, 4, 1, 534, 1, 1, 1, 0];
/// XUPS-MIB `xupsBatTimeRemaining.0`, seconds.
pub const EATON_RUN_TIME: Arcs = &[1, 3, 6, 1, 4, 1, 534, 1, 2, 1, 0];
/// XUPS-MIB `xupsBatCapacity.0`, per cent.
pub const EATON_CHARGE: Arcs = &[1, 3, 6, 1, 4, 1, 534, 1, 2, 4, 0];
/// XUPS-MIB `xupsInputVoltage`, volts, a row per phase.
pub const EATON_INPUT: Arcs = &[1, 3, 6, 1, 4, 1, 534, 1, 3, 4, 1, 2];
/// XUPS-MIB `xupsOutputLoad.0`, per cent.
pub const EATON_LOAD: Arcs = &[1, 3, 6, 1, 4, 1, 534, 1, 4, 1, 0];
/// XUPS-MIB `xupsOutputSource.0`: other(1), none(2), normal(3), bypass(4), battery(5), booster(6),
/// reducer(7), parallelCapacity(8), parallelRedundant(9), highEfficiencyMode(10), …
pub const EATON_SOURCE: Arcs = &[1, 3, 6, 1, 4, 1, 534, 1, 4, 5, 0];
/// XUPS-MIB `xupsEnvAmbientTemp.0`, °C.
pub const EATON_TEMPERATURE: Arcs = &[1, 3, 6, 1, 4, 1, 534, 1, 6, 1, 0];

/// IP-MIB `ipNetToMediaPhysAddress`, index `ifIndex.a.b.c.d`.
pub const ARP: Arcs = &[1, 3, 6, 1, 2, 1, 4, 22, 1, 2];
/// IP-MIB `ipNetToPhysicalPhysAddress`, index `ifIndex.type.length.address`.
pub const NET_TO_PHYSICAL: Arcs = &[1, 3, 6, 1, 2, 1, 4, 35, 1, 4];

/// LLDP-MIB `lldpLocPortIdSubtype`, index the local port's number. LLDP-MIB lies outside
/// `1.3.6.1`, where an ordinary walk does not come.
pub const LLDP_LOC_PORT_SUBTYPE: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 2];
/// LLDP-MIB `lldpLocPortId`.
pub const LLDP_LOC_PORT: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 3];
/// LLDP-MIB `lldpRemChassisIdSubtype`, index `timeMark.localPort.number`.
pub const LLDP_REM_CHASSIS_SUBTYPE: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 4];
/// LLDP-MIB `lldpRemChassisId`.
pub const LLDP_REM_CHASSIS: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 5];
/// LLDP-MIB `lldpRemPortIdSubtype`.
pub const LLDP_REM_PORT_SUBTYPE: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 6];
/// LLDP-MIB `lldpRemPortId`.
pub const LLDP_REM_PORT: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 7];
/// LLDP-MIB `lldpRemPortDesc`.
pub const LLDP_REM_PORT_DESC: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 8];
/// LLDP-MIB `lldpRemSysName`.
pub const LLDP_REM_NAME: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 9];
/// LLDP-MIB `lldpRemSysDesc`.
pub const LLDP_REM_DESC: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 10];
/// LLDP-MIB `lldpRemManAddrIfSubtype`: its index holds the neighbour's management address.
pub const LLDP_REM_ADDRESS: Arcs = &[1, 0, 8802, 1, 1, 2, 1, 4, 2, 1, 3];

/// CISCO-CDP-MIB `cdpCacheAddressType`, index `ifIndex.number`: ip(1), ipv6(20).
pub const CDP_ADDRESS_TYPE: Arcs = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 3];
/// CISCO-CDP-MIB `cdpCacheAddress`.
pub const CDP_ADDRESS: Arcs = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 4];
/// CISCO-CDP-MIB `cdpCacheDeviceId`.
pub const CDP_DEVICE: Arcs = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 6];
/// CISCO-CDP-MIB `cdpCacheDevicePort`.
pub const CDP_PORT: Arcs = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 7];
/// CISCO-CDP-MIB `cdpCachePlatform`.
pub const CDP_PLATFORM: Arcs = &[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1, 8];
