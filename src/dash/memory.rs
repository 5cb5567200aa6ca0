//! Gives memory back that only the start, or the taking in of a long answer, needed: the dashboard stays
//! open all day.
//!
//! Guarantees: nothing that is in use is touched, and what is given back comes again by itself (pages
//! of the program's file from the page cache); where the system is another one nothing is done.

/// Has long answers, and what is read from them, leave the heap when they are dropped, and does not let the
/// allocator learn to keep their room. Once, before the first of them.
pub(super) fn keep_little() {
    gnu::keep_little();
}

/// Gives back what the heap holds free.
pub(super) fn trim() {
    gnu::trim();
}

/// Has the program's pages that are not in use leave: those of its start (the command line, the
/// configuration) make the larger part.
pub(super) fn forget_start() {
    gnu::forget_start();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod gnu {
    #![expect(unsafe_code, reason = "mallopt, malloc_trim and madvise are functions of C")]

    /// Pieces from this size on, in bytes, have pages of their own.
    const APART: i32 = 128 << 10;

    pub(super) fn keep_little() {
        // SAFETY: it only sets parameters of the allocator.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, APART);
            libc::mallopt(libc::M_TRIM_THRESHOLD, APART);
        }
    }

    pub(super) fn trim() {
        // SAFETY: it gives back pages that hold no piece in use.
        unsafe {
            libc::malloc_trim(0);
        }
    }

    pub(super) fn forget_start() {
        let (Ok(program), Ok(maps)) =
            (std::fs::read_link("/proc/self/exe"), std::fs::read_to_string("/proc/self/maps"))
        else {
            return;
        };
        let program = program.to_string_lossy();
        for (from, to) in maps.lines().filter_map(|line| code_of(line, &program)) {
            // SAFETY: the span is one mapping of the program's file, private, executable and never
            // written to: its pages are those of the file, and come from there when they are touched.
            unsafe {
                libc::madvise(from as *mut libc::c_void, to - from, libc::MADV_DONTNEED);
            }
        }
    }

    /// From where to where a line of `/proc/self/maps` (proc(5)) maps code of `program`.
    fn code_of(line: &str, program: &str) -> Option<(usize, usize)> {
        let (span, rest) = line.split_once(' ')?;
        let is_code = rest.starts_with("r-xp ") && rest.ends_with(&format!(" {program}"));
        let (from, to) = span.split_once('-').filter(|_| is_code)?;
        let at = |text| usize::from_str_radix(text, 16).ok();
        at(from).zip(at(to)).filter(|(from, to)| from < to)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_the_programs_own_code_is_meant() {
            let code = "55d0c0a2d000-55d0c1e72000 r-xp 0052c000 fe:00 42    /usr/bin/tuantra";
            assert_eq!(
                code_of(code, "/usr/bin/tuantra"),
                Some((0x55d0_c0a2_d000, 0x55d0_c1e7_2000))
            );
            let data = "55d0c1e74000-55d0c1ee4000 r--p 01972000 fe:00 42    /usr/bin/tuantra";
            assert_eq!(code_of(data, "/usr/bin/tuantra"), None, "what was relocated is written to");
            assert_eq!(code_of(code, "/usr/bin/other"), None);
            assert_eq!(code_of("", "/usr/bin/tuantra"), None);
        }

        #[test]
        fn what_was_given_back_is_there_again() {
            let before: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
            keep_little();
            drop(vec![0_u8; 1 << 20]);
            forget_start();
            trim();
            assert!(before.iter().zip(0..).all(|(text, n): (_, u32)| *text == n.to_string()));
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod gnu {
    pub(super) const fn keep_little() {}
    pub(super) const fn trim() {}
    pub(super) const fn forget_start() {}
}
