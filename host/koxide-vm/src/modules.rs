// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which modules of the kernel a module depends on, and in which order they are loaded.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSection};
use walkdir::WalkDir;

use crate::compression;
use crate::error::Error;

/// A module ready for the guest.
#[derive(Debug, Clone)]
pub(crate) struct Loadable {
    /// The name of its file.
    pub(crate) name: String,
    /// The name that the kernel knows it by.
    pub(crate) kernel_name: String,
    /// Its content, not packed.
    pub(crate) bytes: Vec<u8>,
    /// What has to be loaded before, in this order.
    pub(crate) needs: Vec<String>,
}

/// The modules of one kernel.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    folder: &'a Path,
    /// Where each module is, by its name with underscores; filled when the first is looked up.
    index: Option<HashMap<String, PathBuf>>,
    found: HashMap<String, Loadable>,
    builtin: Option<Vec<String>>,
}

impl<'a> Tree<'a> {
    /// The modules in `folder`, a kernel's `lib/modules/<release>`.
    pub(crate) fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            index: None,
            found: HashMap::new(),
            builtin: None,
        }
    }

    /// Reads a module under test, and finds what it depends on.
    pub(crate) fn under_test(&mut self, path: &Path) -> Result<Loadable, Error> {
        let name = file_name(path).unwrap_or_default();
        let bytes = read(path)?;
        let info = Info::read(&bytes, path)?;
        let needs = self.needs(&name, &info.depends)?;
        let kernel_name = info.name.unwrap_or_else(|| underscored(&name));
        Ok(Loadable {
            name,
            kernel_name,
            bytes,
            needs,
        })
    }

    /// Finds a module of the kernel's own by its name; nothing when it is built in.
    pub(crate) fn by_name(&mut self, name: &str) -> Result<Option<Loadable>, Error> {
        let needs = self.needs("the plan", &[name.to_owned()])?;
        Ok(needs.last().map(|last| self.found[last].clone()))
    }

    /// The modules of the kernel's own that were found so far.
    pub(crate) fn found(self) -> Vec<Loadable> {
        let mut found: Vec<Loadable> = self.found.into_values().collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// All that `wanted` stands on, each after what it depends on.
    fn needs(&mut self, wanted_by: &str, wanted: &[String]) -> Result<Vec<String>, Error> {
        let mut order = Vec::new();
        for name in wanted {
            self.visit(&underscored(name), wanted_by, &mut Vec::new(), &mut order)?;
        }
        Ok(order)
    }

    fn visit(
        &mut self,
        name: &str,
        wanted_by: &str,
        path: &mut Vec<String>,
        order: &mut Vec<String>,
    ) -> Result<(), Error> {
        if order.iter().any(|done| done == name) || self.is_builtin(name) {
            return Ok(());
        }
        if path.iter().any(|above| above == name) {
            return Err(Error::ModuleCycle(name.to_owned()));
        }
        let (depends, loadable) = match self.found.get(name) {
            Some(known) => (known.needs.clone(), None),
            None => {
                let file = self.locate(name, wanted_by)?;
                let bytes = read(&file)?;
                let info = Info::read(&bytes, &file)?;
                let loadable = Loadable {
                    name: name.to_owned(),
                    kernel_name: name.to_owned(),
                    bytes,
                    needs: Vec::new(),
                };
                (info.depends, Some(loadable))
            }
        };
        path.push(name.to_owned());
        let mut below = Vec::new();
        for dependency in &depends {
            self.visit(&underscored(dependency), name, path, &mut below)?;
        }
        path.pop();
        if let Some(mut loadable) = loadable {
            loadable.needs = below.clone();
            self.found.insert(name.to_owned(), loadable);
        }
        for dependency in below {
            if !order.contains(&dependency) {
                order.push(dependency);
            }
        }
        order.push(name.to_owned());
        Ok(())
    }

    fn locate(&mut self, name: &str, wanted_by: &str) -> Result<PathBuf, Error> {
        let folder = self.folder;
        let index = self.index.get_or_insert_with(|| index(folder));
        index.get(name).cloned().ok_or_else(|| Error::NoModule {
            module: name.to_owned(),
            wanted_by: format!("{wanted_by} depends on"),
            tree: folder.to_owned(),
        })
    }

    fn is_builtin(&mut self, name: &str) -> bool {
        let folder = self.folder;
        let builtin = self.builtin.get_or_insert_with(|| {
            let list = fs::read_to_string(folder.join("modules.builtin")).unwrap_or_default();
            list.lines()
                .filter_map(|l| file_name(Path::new(l)))
                .map(|n| underscored(&n))
                .collect()
        });
        builtin.iter().any(|known| known == name)
    }
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

/// The module's name that its file has: what comes before `.ko`.
fn file_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    Some(
        name.split_once(".ko")
            .map_or(name, |(stem, _)| stem)
            .to_owned(),
    )
}

fn index(folder: &Path) -> HashMap<String, PathBuf> {
    WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy();
            [".ko", ".ko.xz", ".ko.zst", ".ko.gz"]
                .iter()
                .any(|end| name.ends_with(end))
        })
        .filter_map(|entry| Some((underscored(&file_name(entry.path())?), entry.into_path())))
        .collect()
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path).map_err(Error::file("read the module", path))?;
    compression::unpack(&bytes).map_err(|error| Error::Module {
        path: path.to_owned(),
        problem: format!("it does not unpack ({error})"),
    })
}

/// What a module's own records say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Info {
    /// The name that the kernel knows it by.
    name: Option<String>,
    /// What it depends on.
    depends: Vec<String>,
}

impl Info {
    fn read(module: &[u8], path: &Path) -> Result<Self, Error> {
        let problem = |problem: String| Error::Module {
            path: path.to_owned(),
            problem,
        };
        let file = object::File::parse(module).map_err(|error| problem(error.to_string()))?;
        let section = file
            .section_by_name(".modinfo")
            .ok_or_else(|| problem("it has no .modinfo".to_owned()))?;
        let data = section.data().map_err(|error| problem(error.to_string()))?;
        Ok(Self::parse(data))
    }

    fn parse(modinfo: &[u8]) -> Self {
        let mut info = Self::default();
        for record in modinfo.split(|byte| *byte == 0) {
            let record = String::from_utf8_lossy(record);
            match record.split_once('=') {
                Some(("name", name)) => info.name = Some(name.to_owned()),
                Some(("depends", names)) => {
                    let names = names.split(',').filter(|name| !name.is_empty());
                    info.depends = names.map(str::to_owned).collect();
                }
                _ => {}
            }
        }
        info
    }
}

#[cfg(test)]
mod tests {
    use object::write::{Object as Writer, StandardSection};
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};

    use super::*;

    fn module(modinfo: &str) -> Vec<u8> {
        let mut file = Writer::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let section = file.add_section(Vec::new(), b".modinfo".to_vec(), SectionKind::ReadOnlyData);
        file.append_section_data(section, modinfo.as_bytes(), 1);
        file.section_id(StandardSection::Text);
        file.write().unwrap()
    }

    fn tree(modules: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("kernel/drivers");
        fs::create_dir_all(&deep).unwrap();
        for (file, modinfo) in modules {
            let mut bytes = module(modinfo);
            if file.ends_with(".zst") {
                bytes = zstd::encode_all(&bytes[..], 1).unwrap();
            }
            fs::write(deep.join(file), bytes).unwrap();
        }
        fs::write(
            folder.path().join("modules.builtin"),
            "kernel/lib/crc32-x.ko\n",
        )
        .unwrap();
        folder
    }

    #[test]
    fn each_module_comes_after_what_it_depends_on() {
        let folder = tree(&[
            ("a.ko", "depends=b,c-d,crc32-x\0license=GPL\0"),
            ("b.ko.zst", "license=GPL\0depends=e\0"),
            ("c-d.ko", "depends=b\0"),
            ("e.ko", "depends=\0"),
        ]);
        let mut modules = Tree::new(folder.path());
        let a = modules
            .under_test(&folder.path().join("kernel/drivers/a.ko"))
            .unwrap();
        assert_eq!(a.needs, ["e", "b", "c_d"]);
        let found: Vec<_> = modules.found().into_iter().map(|m| m.name).collect();
        assert_eq!(found, ["b", "c_d", "e"]);
    }

    #[test]
    fn what_the_kernel_lacks_is_named_with_who_wants_it() {
        let folder = tree(&[("a.ko", "depends=gone\0")]);
        let path = folder.path().join("kernel/drivers/a.ko");
        let error = Tree::new(folder.path()).under_test(&path).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the module `gone`, which a depends on"),
            "{error}"
        );
    }

    #[test]
    fn a_cycle_does_not_go_on_for_ever() {
        let folder = tree(&[
            ("a.ko", "depends=b\0"),
            ("b.ko", "depends=c\0"),
            ("c.ko", "depends=b\0"),
        ]);
        let path = folder.path().join("kernel/drivers/a.ko");
        let error = Tree::new(folder.path()).under_test(&path).unwrap_err();
        assert!(matches!(error, Error::ModuleCycle(_)));
    }

    #[test]
    fn a_module_may_have_another_name_than_its_file() {
        let folder = tree(&[("a-kunit.ko", "name=a\0depends=\0")]);
        let path = folder.path().join("kernel/drivers/a-kunit.ko");
        let module = Tree::new(folder.path()).under_test(&path).unwrap();
        assert_eq!((&*module.name, &*module.kernel_name), ("a-kunit", "a"));
    }

    #[test]
    fn what_is_built_in_needs_no_file() {
        let folder = tree(&[]);
        assert!(
            Tree::new(folder.path())
                .by_name("crc32_x")
                .unwrap()
                .is_none()
        );
    }
}
