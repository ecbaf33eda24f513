//! What kind of address an IP address is: public, or one that names from outside must not lead to.
//!
//! An IPv6 address can carry an IPv4 address (RFC 4291, 6052, 3056, 4380). It has two classes then: that of
//! its form, and that of the address inside.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

/// The kind of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressClass {
    /// Anything else: addresses of the internet.
    Public,
    /// No address (`0.0.0.0/8`, `::`).
    Unspecified,
    /// This machine.
    Loopback,
    /// Private networks (RFC 1918).
    Private,
    /// The shared space of carriers and of some clusters (RFC 6598).
    CarrierNat,
    /// This network segment.
    LinkLocal,
    /// A service of a cloud that gives credentials to machines.
    Metadata,
    /// Private networks of IPv6 (RFC 4193, and the older site-local space).
    UniqueLocal,
    /// Groups, and broadcast.
    Multicast,
    /// Documentation, benchmarks, and what is not assigned.
    Reserved,
    /// IPv6 for IPv4 by a translator (RFC 6052, RFC 8215).
    Nat64,
    /// A tunnel for IPv6 over IPv4 (RFC 3056).
    SixToFour,
    /// A tunnel for IPv6 over UDP (RFC 4380).
    Teredo,
    /// An IPv4 address in the form of IPv6.
    Mapped,
}

/// An address with its classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassifiedAddress {
    /// The address.
    pub address: IpAddr,
    /// The class of the address itself.
    pub class: AddressClass,
    /// The IPv4 address inside, with its class.
    pub inner: Option<(Ipv4Addr, AddressClass)>,
}

/// Addresses at which clouds give credentials to machines.
const METADATA: [IpAddr; 9] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    // Credentials of containers.
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

impl AddressClass {
    /// Every class that is not public, with its name in the configuration, in messages and in metrics.
    pub const NAMES: [(&'static str, Self); 13] = [
        ("unspecified", Self::Unspecified),
        ("loopback", Self::Loopback),
        ("private-network", Self::Private),
        ("carrier-nat", Self::CarrierNat),
        ("link-local", Self::LinkLocal),
        ("metadata", Self::Metadata),
        ("unique-local", Self::UniqueLocal),
        ("multicast", Self::Multicast),
        ("reserved", Self::Reserved),
        ("nat64", Self::Nat64),
        ("6to4", Self::SixToFour),
        ("teredo", Self::Teredo),
        ("ipv4-mapped", Self::Mapped),
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, class)| *class == self);
        named.map_or("public", |(name, _)| name)
    }

    /// Whether machines of one organisation have such addresses.
    pub const fn is_internal(self) -> bool {
        matches!(self, Self::Private | Self::CarrierNat | Self::UniqueLocal)
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        match (a, b, c) {
            _ if METADATA.contains(&IpAddr::V4(address)) => Self::Metadata,
            (0, ..) => Self::Unspecified,
            (127, ..) => Self::Loopback,
            (10, ..) | (172, 16..=31, _) | (192, 168, _) => Self::Private,
            (100, 64..=127, _) => Self::CarrierNat,
            (169, 254, _) => Self::LinkLocal,
            // Protocol assignments, documentation, relays of 6to4, benchmarks.
            (192, 0, 0 | 2)
            | (198, 51, 100)
            | (203, 0, 113)
            | (192, 88, 99)
            | (198, 18 | 19, _) => Self::Reserved,
            (224..=239, ..) | (255, 255, 255) => Self::Multicast,
            (240..=255, ..) => Self::Reserved,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let parts = address.segments();
        match parts {
            _ if METADATA.contains(&IpAddr::V6(address)) => Self::Metadata,
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            // Mapped, translated (RFC 2765) and compatible ones.
            [0, 0, 0, 0, 0, 0xffff | 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => Self::Mapped,
            [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => Self::Nat64,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Self::UniqueLocal,
            [0xff00..=0xffff, ..] => Self::Multicast,
            [0x2001, 0, ..] => Self::Teredo,
            [0x2002, ..] => Self::SixToFour,
            // Protocol assignments, and documentation.
            [0x2001, 1..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Self::Reserved,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Reserved,
        }
    }
}

impl ClassifiedAddress {
    /// The classes of an address.
    pub fn of(address: IpAddr) -> Self {
        let (class, inner) = match address {
            IpAddr::V4(address) => (AddressClass::of_v4(address), None),
            IpAddr::V6(address) => {
                let class = AddressClass::of_v6(address);
                (class, inner_address(address, class))
            }
        };
        Self {
            address,
            class,
            inner: inner.map(|inner| (inner, AddressClass::of_v4(inner))),
        }
    }

    /// Both classes.
    pub fn classes(&self) -> impl Iterator<Item = AddressClass> + use<> {
        let inner = self.inner.map(|(_, class)| class);
        // That of the address inside says more.
        inner.into_iter().chain([self.class])
    }

    /// Whether it is in a network, and so is the address inside if it has one of a class that is not
    /// public: an exception for a translator does not cover what it leads to.
    pub fn is_within(&self, networks: &[IpNet]) -> bool {
        let is_listed = |address: IpAddr| networks.iter().any(|network| network.contains(&address));
        let is_inner_fine = self.inner.is_none_or(|(inner, class)| {
            class == AddressClass::Public || is_listed(IpAddr::V4(inner))
        });
        is_listed(self.address) && is_inner_fine
    }
}

/// The IPv4 address inside of an IPv6 address.
fn inner_address(address: Ipv6Addr, class: AddressClass) -> Option<Ipv4Addr> {
    let [_, b, c, _, _, _, g, h] = address.segments();
    let joined = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match class {
        AddressClass::Mapped | AddressClass::Nat64 => Some(joined(g, h)),
        AddressClass::SixToFour => Some(joined(b, c)),
        // The address of the client is written with its bits inverted.
        AddressClass::Teredo => Some(joined(!g, !h)),
        _ => None,
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AddressClass {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let named = Self::NAMES.iter().find(|(name, _)| *name == text);
        named.map(|(_, class)| *class).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_special_range_has_its_class() {
        use AddressClass::{
            CarrierNat, LinkLocal, Loopback, Mapped, Metadata, Multicast, Nat64, Private, Public,
            Reserved, SixToFour, Teredo, UniqueLocal, Unspecified,
        };
        let check = |text: &str, class, inner: Option<AddressClass>| {
            let address = ClassifiedAddress::of(text.parse().unwrap());
            let found = (address.class, address.inner.map(|(_, class)| class));
            assert_eq!(found, (class, inner), "{text}");
        };
        for (text, class) in [
            ("0.0.0.0", Unspecified),
            ("0.1.2.3", Unspecified),
            ("127.0.0.1", Loopback),
            ("127.255.255.255", Loopback),
            ("128.0.0.0", Public),
            ("10.0.0.1", Private),
            ("172.15.255.255", Public),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("172.32.0.0", Public),
            ("192.168.1.1", Private),
            ("100.63.255.255", Public),
            ("100.64.0.0", CarrierNat),
            ("100.127.255.255", CarrierNat),
            ("100.128.0.0", Public),
            ("169.254.1.1", LinkLocal),
            ("169.254.169.254", Metadata),
            ("169.254.170.2", Metadata),
            ("100.100.100.200", Metadata),
            ("168.63.129.16", Metadata),
            ("192.0.2.1", Reserved),
            ("198.18.0.1", Reserved),
            ("198.51.100.1", Reserved),
            ("203.0.113.1", Reserved),
            ("224.0.0.1", Multicast),
            ("240.0.0.1", Reserved),
            ("255.255.255.255", Multicast),
            ("8.8.8.8", Public),
            ("::", Unspecified),
            ("::1", Loopback),
            ("fe80::1", LinkLocal),
            ("fc00::1", UniqueLocal),
            ("fd00:ec2::254", Metadata),
            ("fec0::1", UniqueLocal),
            ("ff02::1", Multicast),
            ("100::1", Reserved),
            ("2001:db8::1", Reserved),
            ("3fff::1", Reserved),
            ("4000::1", Reserved),
            ("2606:4700::1", Public),
        ] {
            check(text, class, None);
        }
        check("::ffff:127.0.0.1", Mapped, Some(Loopback));
        check("::ffff:8.8.8.8", Mapped, Some(Public));
        check("::127.0.0.1", Mapped, Some(Loopback));
        check("::ffff:0:10.0.0.1", Mapped, Some(Private));
        check("64:ff9b::169.254.169.254", Nat64, Some(Metadata));
        check("64:ff9b::8.8.8.8", Nat64, Some(Public));
        check("64:ff9b:1::10.0.0.1", Nat64, Some(Private));
        check("2002:7f00:1::", SixToFour, Some(Loopback));
        check("2002:a00:1::1", SixToFour, Some(Private));
        check("2001::f5ff:fffe", Teredo, Some(Private));
    }

    #[test]
    fn every_class_has_its_name() {
        for (name, class) in AddressClass::NAMES {
            assert_eq!((name.parse(), class.as_str()), (Ok(class), name));
        }
        assert_eq!(AddressClass::Public.as_str(), "public");
        assert!("public".parse::<AddressClass>().is_err());
    }

    proptest! {
        /// What the standard library knows as special is never public here.
        #[test]
        fn what_is_known_as_special_is_not_public(bits: u32, wide: u128) {
            let address = Ipv4Addr::from(bits);
            let is_special = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_unspecified();
            let class = ClassifiedAddress::of(address.into()).class;
            prop_assert!(!is_special || class != AddressClass::Public, "{}", address);
            // Its forms in IPv6 carry it.
            for form in [address.to_ipv6_mapped(), address.to_ipv6_compatible()] {
                let inner = ClassifiedAddress::of(form.into()).inner.map(|(_, class)| class);
                let is_short = bits <= 1;
                prop_assert!(is_short || inner == Some(class), "{}", form);
            }
            let address = Ipv6Addr::from(wide);
            let is_special = address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local();
            let class = ClassifiedAddress::of(address.into()).class;
            prop_assert!(!is_special || class != AddressClass::Public, "{}", address);
        }
    }
}
