//! The columns of the lists, with their headings in both languages.

use crate::inventory::Section;
use crate::locale::Lang;

/// A column of a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) struct Column {
    /// The inventory's key.
    pub key: &'static str,
    /// Its heading in Vietnamese.
    pub vi: &'static str,
    /// Its heading in English.
    pub en: &'static str,
}

impl Column {
    const fn new(key: &'static str, vi: &'static str, en: &'static str) -> Self {
        Self { key, vi, en }
    }

    /// The heading in a language.
    pub(in crate::inventory) const fn heading(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => self.vi,
            Lang::En => self.en,
        }
    }
}

const UNITS: [Column; 13] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("name", "Tên đơn vị", "Name"),
    Column::new("kind", "Loại đơn vị", "Kind"),
    Column::new("parent", "Đơn vị cấp trên", "Parent unit"),
    Column::new("code", "Mã hành chính", "Official code"),
    Column::new("requires", "Mạng phải có", "Required networks"),
    Column::new("contact.name", "Người liên hệ", "Contact name"),
    Column::new("contact.phone", "Điện thoại", "Phone"),
    Column::new("contact.email", "Thư điện tử", "E-mail"),
    Column::new("location.lat", "Vĩ độ", "Latitude"),
    Column::new("location.lon", "Kinh độ", "Longitude"),
    Column::new("since", "Từ ngày", "Since"),
    Column::new("until", "Đến ngày", "Until"),
];

const CONNECTIONS: [Column; 10] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("unit", "Đơn vị", "Unit"),
    Column::new("network", "Mạng", "Network"),
    Column::new("carrier", "Nhà mạng", "Carrier"),
    Column::new("circuit", "Số hiệu kênh", "Circuit"),
    Column::new("bandwidth_mbps", "Băng thông (Mbps)", "Bandwidth (Mbps)"),
    Column::new("address", "Địa chỉ IP", "IP address"),
    Column::new("device", "Thiết bị đầu cuối", "Device"),
    Column::new("interface", "Cổng", "Interface"),
    Column::new("since", "Từ ngày", "Since"),
];

const DEVICES: [Column; 10] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("unit", "Đơn vị", "Unit"),
    Column::new("role", "Vai trò", "Role"),
    Column::new("name", "Tên thiết bị", "Name"),
    Column::new("vendor", "Hãng", "Vendor"),
    Column::new("model", "Kiểu máy", "Model"),
    Column::new("serial", "Số sê-ri", "Serial number"),
    Column::new("address", "Địa chỉ IP", "IP address"),
    Column::new("snmp", "Hồ sơ SNMP", "SNMP credential"),
    Column::new("since", "Từ ngày", "Since"),
];

/// What connections, devices and services may have besides.
const SUBJECT: [Column; 7] = [
    Column::new("checks", "Cách kiểm tra", "Checks"),
    Column::new("via", "Đi qua", "Via"),
    Column::new("calendar", "Lịch làm việc", "Calendar"),
    Column::new("off_hours", "Ngoài giờ", "Off hours"),
    Column::new("enabled", "Đang tuần tra", "Enabled"),
    Column::new("health", "Ngưỡng đánh giá", "Health"),
    Column::new("ping", "Cách ping", "Ping"),
];

const SLA: [Column; 5] = [
    Column::new("sla.availability", "Mức sẵn sàng cam kết", "Promised availability"),
    Column::new("sla.rtt", "Độ trễ cam kết", "Promised RTT"),
    Column::new("sla.rtt_ms", "Độ trễ cam kết (ms)", "Promised RTT (ms)"),
    Column::new("sla.loss", "Mất gói cam kết (%)", "Promised loss (%)"),
    Column::new("sla.hours", "Giờ tính cam kết", "Contract hours"),
];

const MORE_OF_UNITS: [Column; 7] = [
    Column::new("short", "Tên viết tắt", "Short name"),
    Column::new("codes", "Các mã hành chính", "Official codes"),
    Column::new("prefixes", "Dải địa chỉ", "Address plan"),
    Column::new("sites", "Trụ sở", "Sites"),
    Column::new("merged_into", "Nhập vào", "Merged into"),
    Column::new("calendar", "Lịch làm việc", "Calendar"),
    Column::new("off_hours", "Ngoài giờ", "Off hours"),
];

const MORE_OF_CONNECTIONS: [Column; 3] = [
    Column::new("name", "Tên đường truyền", "Name"),
    Column::new("bandwidth", "Băng thông (có đơn vị)", "Bandwidth (with unit)"),
    Column::new("until", "Đến ngày", "Until"),
];

const MORE_OF_DEVICES: [Column; 3] = [
    Column::new("addresses", "Địa chỉ các cổng", "Interface addresses"),
    Column::new("support_until", "Hết hỗ trợ", "Support until"),
    Column::new("until", "Đến ngày", "Until"),
];

const SERVICES: [Column; 9] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("unit", "Đơn vị", "Unit"),
    Column::new("name", "Tên dịch vụ", "Name"),
    Column::new("url", "Địa chỉ web", "URL"),
    Column::new("host", "Tên máy chủ", "Host"),
    Column::new("port", "Số hiệu cổng", "Port"),
    Column::new("address", "Địa chỉ IP", "IP address"),
    Column::new("since", "Từ ngày", "Since"),
    Column::new("until", "Đến ngày", "Until"),
];

const NETWORKS: [Column; 6] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("name", "Tên mạng", "Name"),
    Column::new("name_en", "Tên tiếng Anh", "English name"),
    Column::new("short", "Tên viết tắt", "Short name"),
    Column::new("over", "Chạy trên mạng", "Carried by"),
    Column::new("prefixes", "Dải địa chỉ", "Address plan"),
];

const CARRIERS: [Column; 5] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("name", "Tên nhà mạng", "Name"),
    Column::new("contract", "Số hợp đồng", "Contract"),
    Column::new("hotline", "Đường dây nóng", "Hotline"),
    Column::new("penalty", "Mức phạt", "Penalty"),
];

const CALENDARS: [Column; 5] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("name", "Tên lịch", "Name"),
    Column::new("hours", "Giờ làm việc", "Hours"),
    Column::new("holidays", "Ngày nghỉ", "Holidays"),
    Column::new("make_up", "Ngày làm bù", "Make-up days"),
];

const MAINTENANCE: [Column; 10] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("unit", "Đơn vị", "Unit"),
    Column::new("subject", "Đối tượng", "Subject"),
    Column::new("carrier", "Nhà mạng", "Carrier"),
    Column::new("from", "Bắt đầu", "From"),
    Column::new("until", "Kết thúc", "Until"),
    Column::new("calendar", "Theo lịch", "Calendar"),
    Column::new("hours", "Khung giờ", "Hours"),
    Column::new("note", "Nội dung", "Note"),
    Column::new("by", "Người báo", "Announced by"),
];

const PLAN: [Column; 9] = [
    Column::new("id", "Mã định danh", "Id"),
    Column::new("name", "Nội dung", "Name"),
    Column::new("group", "Nhóm", "Group"),
    Column::new("goal", "Chỉ tiêu", "Goal"),
    Column::new("due", "Hạn", "Due"),
    Column::new("done", "Đã thực hiện", "Done"),
    Column::new("at", "Tính đến ngày", "As of"),
    Column::new("source", "Nguồn số liệu", "Source"),
    Column::new("measured", "Cách đo", "Measured by"),
];

const DEFAULTS: [Column; 2] =
    [Column::new("for", "Áp dụng cho", "For"), Column::new("set", "Giá trị", "Set")];

/// Every column of a list that has a heading in words, those of the template first.
pub(in crate::inventory) fn all_columns(section: Section) -> impl Iterator<Item = &'static Column> {
    let lists: [&'static [Column]; 3] = match section {
        Section::Units => [&UNITS, &MORE_OF_UNITS, &[]],
        Section::Connections => [&CONNECTIONS, &MORE_OF_CONNECTIONS, &SLA],
        Section::Devices => [&DEVICES, &MORE_OF_DEVICES, &[]],
        Section::Services => [&SERVICES, &[], &[]],
        Section::Networks => [&NETWORKS, &[], &SLA],
        Section::Carriers => [&CARRIERS, &[], &SLA],
        Section::Calendars => [&CALENDARS, &[], &[]],
        Section::Maintenance => [&MAINTENANCE, &[], &[]],
        Section::Plan => [&PLAN, &[], &[]],
        Section::Defaults => [&DEFAULTS, &[], &[]],
    };
    let is_subject = matches!(section, Section::Connections | Section::Devices | Section::Services);
    let shared: &'static [Column] = if is_subject { &SUBJECT } else { &[] };
    lists.into_iter().flatten().chain(shared)
}

/// The columns that a template offers for a list; of other lists none.
pub(in crate::inventory) const fn columns(section: Section) -> &'static [Column] {
    match section {
        Section::Units => &UNITS,
        Section::Connections => &CONNECTIONS,
        Section::Devices => &DEVICES,
        _ => &[],
    }
}
