//! The plan of 2016: what the province declared, and what the patrol measures.

/// The file, whole.
pub const PLAN: &str = r#"# Kế hoạch của năm 2016 và tình hình thực hiện. Thật: các con số nhập tay, do tỉnh công bố với Cục Tin
# học hóa ngày 02/12/2016. Mục đo được lấy từ bậc độ phủ của chính hệ thống.
#
# The plan of 2016 and what is done. Real: the declared figures, as the province told them on
# 2016-12-02. What is measured comes from the patrol itself.

plan:
  - id: ha-tang
    name: Dự án hạ tầng kỹ thuật
    group: Hạ tầng
    goal: 7
    done: 5
    at: 2016-12-02
    source: Báo cáo của tỉnh
  - { id: ung-dung-chuan-bi, name: Dự án ứng dụng (chuẩn bị), group: Ứng dụng, goal: 11, done: 7, at: 2016-12-02, source: Báo cáo của tỉnh }
  - { id: ung-dung-van-hanh, name: Dự án ứng dụng (vận hành), group: Ứng dụng, goal: 1, done: 1, at: 2016-12-02, source: Báo cáo của tỉnh }
  - { id: dao-tao, name: Đào tạo, group: Nhân lực, goal: 3, done: 2, at: 2016-12-02, source: Báo cáo của tỉnh }
  - { id: tslcd-so, name: "Sở, ban, ngành kết nối TSLCD", group: Kết nối, due: 2016-12-31, measured: { network: tslcd, tier: department, rung: deployed } }
  - { id: tslcd-huyen, name: UBND cấp huyện kết nối TSLCD, group: Kết nối, due: 2016-12-31, measured: { network: tslcd, tier: district, rung: deployed } }
  - { id: tslcd-xa, name: UBND cấp xã kết nối TSLCD, group: Kết nối, due: 2016-12-31, measured: { network: tslcd, tier: commune, rung: deployed } }
  - { id: lan-xa, name: UBND cấp xã có mạng LAN hoạt động, group: Kết nối, measured: { network: lan, tier: commune, rung: live } }
"#;
